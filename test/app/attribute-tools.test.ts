import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { findAttributeTools, requireAttributeTools } from "../../src/app/attribute-tools.ts";
import { openEnvironment, type Environment } from "../../src/app/environment.ts";
import { readAttributes, setAttributes } from "../../src/snapshot/attribute-files.ts";
import type { AttributeTools } from "../../src/snapshot/attribute-files.ts";

/** A folder with an environment beside it, removed at the end. */
class Folder implements Disposable {
  readonly top = mkdtempSync(path.join(os.tmpdir(), "snap-attributes-"));

  environment(PATH = process.env["PATH"]): Promise<Environment> {
    return openEnvironment({ cwd: this.top, variables: { SNAP_HOME: `${this.top}/home`, PATH } });
  }

  async tools(): Promise<AttributeTools> {
    return requireAttributeTools(await this.environment(), `${this.top}/outside`);
  }

  /** A new file of any name. */
  file(name: string | Uint8Array): Buffer {
    const place = Buffer.concat([Buffer.from(`${this.top}/`), Buffer.from(name)]);
    writeFileSync(place, "");
    return place;
  }

  [Symbol.dispose](): void {
    rmSync(this.top, { recursive: true });
  }
}

/** The disk of the temporary files may know no attributes; that of a machine that tests this does. */
async function knowsAttributes(): Promise<boolean> {
  using folder = new Folder();
  const wanted = [{ disk: folder.file("a"), attributes: { "user.a": "MQ==" } }];
  const [missing] = await setAttributes(await folder.tools(), wanted, {});
  return missing?.length === 0;
}

const isKnown = await knowsAttributes();

test.runIf(isKnown)(
  "N38: the real programs give back what was set, whatever bytes names have",
  async () => {
    using folder = new Folder();
    const tools = await folder.tools();
    const slash = 0x2f;
    const name = fc
      .uint8Array({ min: 1, minLength: 1, maxLength: 30 })
      .filter((bytes) => !bytes.includes(slash));
    const attributes = fc.dictionary(
      fc
        .string({
          minLength: 1,
          maxLength: 20,
          unit: fc.constantFrom("a", "b", "=", "\n", "\r", "\\", '"', "'", "ü", "#", " "),
        })
        .map((text) => `user.${text}`),
      fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes).toString("base64")),
      { minKeys: 1, maxKeys: 4, noNullPrototype: true },
    );
    let round = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(name, attributes), { minLength: 1, maxLength: 8 }),
        async (given) => {
          round += 1;
          const wanted = given.map(([bytes, each], number) => ({
            disk: folder.file(Buffer.concat([Buffer.from(`${round} ${number} `), bytes])),
            attributes: each,
          }));
          expect(await setAttributes(tools, wanted, {})).toEqual(wanted.map(() => []));
        },
      ),
      { numRuns: 30 },
    );
  },
);

test("N38: what is gone has no attributes, and is no trouble; nor has a place that knows none", async () => {
  using folder = new Folder();
  const found = await readAttributes(
    await folder.tools(),
    [`${folder.top}/no`, "/proc/version"],
    {},
  );
  expect(found).toEqual({ files: new Map(), troubles: [] });
});

test.runIf(isKnown)("N38: what could not be set is told by its name", async () => {
  using folder = new Folder();
  const wanted = [
    { disk: folder.file("a"), attributes: { "user.a": "MQ==", "nowhere.a": "MQ==" } },
    { disk: `${folder.top}/gone`, attributes: { "user.b": "" } },
    { disk: folder.file("c"), attributes: { "user.c": "MQ==" } },
  ];
  const missing = await setAttributes(await folder.tools(), wanted, {});
  expect(missing).toEqual([["nowhere.a"], ["user.b"], []]);
});

/** A dump of what is asked for, as long as that is not too much. */
function dumper(filesMax: number): AttributeTools {
  return {
    dump: (input) => {
      const paths = Buffer.from(input).toString().split("\0").slice(0, -1);
      const text = paths.map((each) => `# file: ${each}\nuser.a=0sMQ==\n\n`).join("");
      const code = paths.length > filesMax ? undefined : 0;
      return Promise.resolve({ code, stdout: Buffer.from(text), stderr: "" });
    },
    restore: () => Promise.reject(new Error("nothing is set here")),
    remove: () => Promise.reject(new Error("nothing is removed here")),
  };
}

test("N6: more than may be held at once is asked for in parts; what is too much alone is told", async () => {
  const paths = ["/a", "/b", "/c", "/d", "/e"];
  const parts = await readAttributes(dumper(2), paths, {});
  expect([...parts.files.keys()]).toEqual(paths);
  expect(parts.troubles).toEqual([]);
  const none = await readAttributes(dumper(0), paths, {});
  expect(none.files.size).toBe(0);
  expect(none.troubles.map((trouble) => trouble.path)).toEqual(paths);
});

test.each([
  [1, "xargs: getfattr: Exec format error\n"],
  [123, ""],
])("N8: a program that fails as a whole is no folder without attributes", async (code, stderr) => {
  const run = { code, stdout: Buffer.alloc(0), stderr };
  const tools = { ...dumper(1), dump: () => Promise.resolve(run) };
  await expect(readAttributes(tools, ["/a"], {})).rejects.toMatchObject({ code: "unexpected" });
});

test("N38: programs that are not there are named, and none of the workspace is run", async () => {
  using folder = new Folder();
  const none = await folder.environment(folder.top);
  expect(findAttributeTools(none, "/nowhere")).toContain("getfattr");
  expect(() => requireAttributeTools(none, "/nowhere")).toThrow(/need the programs of attr/u);
  expect(findAttributeTools(await folder.environment(), "/")).toContain("getfattr");
});
