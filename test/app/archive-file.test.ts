import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { refuseTaken, writeBeside } from "../../src/app/archive-file.ts";
import { formatOfName, packed } from "../../src/app/archive-format.ts";
import { seededRng } from "../../src/std/random.ts";
import { SmallDisk } from "../support/small-disk.ts";

class Folder implements Disposable {
  readonly top: string = mkdtempSync(path.join(tmpdir(), "snap-archive-"));
  readonly file: string = path.join(this.top, "x.tar");

  [Symbol.dispose](): void {
    rmSync(this.top, { recursive: true });
  }
}

async function* pieces(...texts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text);
}

const rng = seededRng(1);

test("N58: a file stands under its name only when it is whole", async () => {
  using folder = new Folder();
  const { file } = folder;
  const seen: (readonly string[])[] = [];
  async function* watched(): AsyncGenerator<Uint8Array> {
    for (const text of ["one", "two"]) {
      seen.push(readdirSync(folder.top));
      yield Buffer.from(text);
    }
  }
  await writeBeside({ file, force: false, rng }, watched());
  expect(seen).toEqual([
    [expect.stringMatching(/^\.snap-tmp-/)],
    [expect.stringMatching(/^\.snap-tmp-/)],
  ]);
  expect(readdirSync(folder.top)).toEqual(["x.tar"]);
  expect(readFileSync(file, "utf8")).toBe("onetwo");
});

test("N58: what fails on the way leaves nothing, and what stood there stays", async () => {
  using folder = new Folder();
  const { file } = folder;
  async function* failing(): AsyncGenerator<Uint8Array> {
    yield Buffer.from("half");
    throw new Error("no more");
  }
  await expect(writeBeside({ file, force: false, rng }, failing())).rejects.toThrow("no more");
  expect(readdirSync(folder.top)).toEqual([]);
  writeFileSync(file, "mine");
  await expect(writeBeside({ file, force: true, rng }, failing())).rejects.toThrow("no more");
  expect(readFileSync(file, "utf8")).toBe("mine");
});

test("N58: a file that comes meanwhile is not overwritten", async () => {
  using folder = new Folder();
  const { file } = folder;
  async function* racing(): AsyncGenerator<Uint8Array> {
    yield Buffer.from("mine");
    writeFileSync(file, "yours");
  }
  await expect(writeBeside({ file, force: false, rng }, racing())).rejects.toMatchObject({
    code: "refused",
  });
  expect(readdirSync(folder.top)).toEqual(["x.tar"]);
  expect(readFileSync(file, "utf8")).toBe("yours");
  await writeBeside({ file, force: true, rng }, pieces("forced"));
  expect(readFileSync(file, "utf8")).toBe("forced");
});

test("N58: only a plain file is replaced, and a folder must be there", async () => {
  using folder = new Folder();
  const { file } = folder;
  await refuseTaken({ file, force: false });
  mkdirSync(file);
  await expect(refuseTaken({ file, force: true })).rejects.toMatchObject({ code: "refused" });
  rmSync(file, { recursive: true });
  symlinkSync("/dev/null", file);
  await expect(refuseTaken({ file, force: true })).rejects.toMatchObject({ code: "refused" });
  const missing = path.join(folder.top, "no/x.tar");
  await expect(refuseTaken({ file: missing, force: false })).rejects.toMatchObject({
    code: "path-missing",
  });
});

test("N58: a full disk is told, and nothing is left on it", async () => {
  using disk = SmallDisk.mount(256 * 1024);
  if (disk === undefined) return;
  const file = path.join(disk.path, "x.tar");
  const large = pieces("x".repeat(200_000), "x".repeat(200_000));
  await expect(writeBeside({ file, force: false, rng }, large)).rejects.toMatchObject({
    code: "disk-full",
    exit: 7,
  });
  expect(readdirSync(disk.path)).toEqual([]);
});

test("N58: the format follows the name, and gzip names no system", async () => {
  expect(["a.tar", "a.tar.gz", "A.TGZ", "a.tar.zst", "a.tzst"].map(formatOfName)).toEqual([
    "tar",
    "tar.gz",
    "tar.gz",
    "tar.zst",
    "tar.zst",
  ]);
  expect(() => formatOfName("a.zip")).toThrow(/"a\.zip" does not/);
  const gzip = Buffer.concat(await Array.fromAsync(packed(pieces("content"), "tar.gz")));
  expect([...gzip.subarray(0, 10)]).toEqual([31, 139, 8, 0, 0, 0, 0, 0, 0, 255]);
});
