import { chmodSync, chownSync, mkdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { Box } from "../support/snap-process.ts";
import {
  attributesOf,
  captured,
  isRoot,
  knowsAttributes,
  run,
  setAttribute,
  withOneAttribute,
} from "./attribute-runs.ts";

const names = ["plain", "line\nbreak", "back\\slash", 'quo"te', "ümlaut", "a=b", "# file: x"];

test.runIf(knowsAttributes)(
  "N38, T15: --xattrs keeps the attributes of files, folders and links, and --to sets them",
  async () => {
    using box = new Box();
    for (const name of names) {
      box.write(`d/${name}`, name);
      setAttribute(path.join(box.workspace, "d", name), "user.a=b", `of ${name}`);
      setAttribute(path.join(box.workspace, "d", name), "user.empty", "");
    }
    box.write("d/none", "none");
    const at = (name: string): string => path.join(box.workspace, name);
    setAttribute(at("d"), "user.folder", "\n\"'\\");
    chmodSync(at("d/plain"), 0o444);
    if (isRoot) {
      symlinkSync("nowhere", at("link"));
      setAttribute(at("link"), "trusted.link", "1");
    }
    const id = await captured(box, "--xattrs");
    expect((await box.expectExit(0, "show", id)).stdout).toContain("extended attributes are in it");
    const to = path.join(box.top, "copy");
    await box.expectExit(0, "restore", id, "--to", to, "--special-modes");
    const all = ["d", "d/none", ...names.map((name) => `d/${name}`), ...(isRoot ? ["link"] : [])];
    for (const name of all)
      expect(attributesOf(path.join(to, name)), name).toBe(attributesOf(at(name)));
    expect(attributesOf(path.join(to, "d/plain"))).toContain("of plain");
    expect(statSync(path.join(to, "d/plain")).mode & 0o777).toBe(0o444);
    // To the microsecond (T11).
    expect(statSync(path.join(to, "d/plain")).mtimeMs).toBeCloseTo(
      statSync(at("d/plain")).mtimeMs,
      2,
    );
  },
);

test.runIf(knowsAttributes)(
  "N35, N39: an attribute that changes makes a new snapshot, though the file is not read again",
  async () => {
    using box = new Box();
    box.write("b", "two");
    const { at, id: first } = await withOneAttribute(box);
    const again = await box.expectExit(0, "capture", "--xattrs", "--json");
    expect(again.events.at(-1)).toMatchObject({ id: first, created: false });
    setAttribute(at, "user.a", "2");
    const second = await captured(box, "--xattrs");
    expect(second).not.toBe(first);
    const { events } = await box.expectExit(0, "diff", first, second, "--json");
    expect(events.filter(({ type }) => type === "change")).toMatchObject([
      { change: "metadata", path: "a" },
    ]);
  },
);

test.runIf(knowsAttributes)(
  "N38: a snapshot without attributes differs from one with them in nothing, and has a line of its own",
  async () => {
    using box = new Box();
    box.write("a", "one");
    setAttribute(path.join(box.workspace, "a"), "user.a", "1");
    const without = await captured(box);
    const having = await captured(box, "--xattrs");
    for (const [from, to] of [
      [without, having],
      [having, without],
    ] as const) {
      const { events } = await box.expectExit(0, "diff", from, to, "--json");
      expect(events.filter(({ type }) => type === "change")).toEqual([]);
    }
    const plain = await box.expectExit(0, "capture", "--json");
    expect(plain.events.at(-1)).toMatchObject({ id: without, created: false });
  },
);

test.runIf(knowsAttributes)(
  "N38, N50: a diff with the disk tells an attribute that changed; level 3 is about content, and needs no program",
  async () => {
    using box = new Box();
    const { at, id } = await withOneAttribute(box);
    const same = await box.expectExit(0, "diff", id, "local", "--json");
    expect(same.events.filter(({ type }) => type === "change")).toEqual([]);
    run("setfattr", ["-x", "user.a", at]);
    const { events } = await box.expectExit(0, "diff", id, "local", "--json");
    expect(events.filter(({ type }) => type === "change")).toMatchObject([
      { change: "metadata", path: "a" },
    ]);
    const verified = await box.snap(["verify", id, "--level", "3"], { env: { PATH: box.top } });
    expect(verified.code, verified.stderr).toBe(0);
  },
);

test.runIf(knowsAttributes)(
  "N58, N59: an archive carries the attributes in its manifest",
  async () => {
    using box = new Box();
    const { id } = await withOneAttribute(box);
    const archive = path.join(box.top, "all.tar");
    await box.expectExit(0, "export", id, archive);
    const { events } = await box.expectExit(0, "import", archive, "--json");
    const imported = String(events.at(-1)?.["id"]);
    expect((await box.expectExit(0, "show", imported)).stdout).toContain("extended attributes");
    const to = path.join(box.top, "copy");
    await box.expectExit(0, "restore", imported, "--to", to);
    expect(attributesOf(path.join(to, "a"))).toBe('user.a="1"');
  },
);

test("N38: without the programs --xattrs is refused, and nothing is captured", async () => {
  using box = new Box();
  box.write("a", "one");
  const ended = await box.snap(["capture", "--xattrs"], { env: { PATH: box.top } });
  expect(ended.code).toBe(2);
  expect(ended.stderr).toContain("apt-get install attr");
  expect((await box.expectExit(0, "list", "--json")).events).toHaveLength(1);
});

test.runIf(knowsAttributes)(
  "N38: a copy without the programs has all the content, tells each path, and ends with 4",
  async () => {
    using box = new Box();
    for (const name of ["a", "b", "c"]) box.write(name, name);
    setAttribute(path.join(box.workspace, "a"), "user.a", "1");
    setAttribute(path.join(box.workspace, "c"), "user.a", "1");
    const id = await captured(box, "--xattrs");
    const to = path.join(box.top, "copy");
    const ended = await box.snap(["restore", id, "--to", to, "--json"], {
      env: { PATH: box.top },
    });
    expect(ended.code).toBe(4);
    const left = ended.events.filter(({ type }) => type === "left");
    expect(left.map((event) => event["path"])).toEqual(["a", "c"]);
    expect(String(left[0]?.["reason"])).toContain("package attr");
    expect(box.read("a")).toBe("a");
  },
);

test.runIf(knowsAttributes && isRoot)(
  "X9: what gives rights is set with --special-modes alone",
  async () => {
    using box = new Box();
    box.write("a", "one");
    const at = path.join(box.workspace, "a");
    const capability = "0x0100000200040000000000000000000000000000";
    run("setfattr", ["-n", "security.capability", "-v", capability, at]);
    setAttribute(at, "user.a", "1");
    const id = await captured(box, "--xattrs");
    const plain = path.join(box.top, "plain");
    await box.expectExit(0, "restore", id, "--to", plain);
    expect(attributesOf(path.join(plain, "a"))).toBe('user.a="1"');
    const special = path.join(box.top, "special");
    await box.expectExit(0, "restore", id, "--to", special, "--special-modes");
    expect(attributesOf(path.join(special, "a"))).toBe(attributesOf(at));
  },
);

const nobody = 65534;

test.runIf(knowsAttributes && isRoot)(
  "N38: a user sets attributes of files that may not be written, and is told of those of root",
  async () => {
    using box = new Box();
    box.write("d/a", "one");
    const at = path.join(box.workspace, "d/a");
    setAttribute(at, "user.a", "1");
    setAttribute(at, "trusted.a", "1");
    chmodSync(at, 0o400);
    chmodSync(path.join(box.workspace, "d"), 0o500);
    const id = await captured(box, "--xattrs");
    mkdirSync(path.join(box.top, "mine"));
    chownSync(path.join(box.top, "mine"), nobody, nobody);
    run("chown", ["-R", `${nobody}:${nobody}`, box.home, box.workspace]);
    chmodSync(box.top, 0o755);
    const restore = (to: string, ...words: readonly string[]) =>
      box.snap(["restore", id, "--to", path.join(box.top, "mine", to), ...words], { user: nobody });
    const plain = await restore("plain");
    expect(plain.code, plain.stderr).toBe(0);
    const copied = path.join(box.top, "mine/plain/d/a");
    expect(attributesOf(copied)).toBe('user.a="1"');
    expect(statSync(copied).mode & 0o777).toBe(0o400);
    const special = await restore("special", "--special-modes");
    expect(special.code).toBe(4);
    expect(special.stdout).toContain("could not be set: trusted.a");
    const again = await box.snap(["capture", "--xattrs", "--json"], { user: nobody });
    expect(again.code, again.stdout).toBe(0);
    const { events } = await box.snap(["ls", "latest", "d/a", "--json"], { user: nobody });
    expect(JSON.stringify(events)).not.toContain("trusted");
  },
);

test.runIf(knowsAttributes)(
  "N38: attributes that cannot be kept are told, the rest of the file is there, and the exit code is 4",
  async () => {
    using box = new Box();
    const { at } = await withOneAttribute(box);
    box.write("b", "two");
    // A name that is no text, as setfattr reads it.
    run("setfattr", ["-h", "--restore=-"], `# file: ${at}\nuser.\\377="1"\n`);
    const ended = await box.snap(["capture", "--xattrs", "--json"]);
    expect(ended.code, ended.stderr).toBe(4);
    expect(ended.events.find(({ type }) => type === "left")).toMatchObject({ path: "a" });
    expect(ended.events.at(-1)).toMatchObject({ created: true, completeness: "partial" });
    const id = String(ended.events.at(-1)?.["id"]);
    expect((await box.expectExit(0, "ls", id)).stdout).toMatch(/a .*stripped/u);
    const again = await box.snap(["capture", "--xattrs", "--json"]);
    expect(again.code).toBe(4);
    expect(again.events.at(-1)).toMatchObject({ id, created: false });
    const { events } = await box.expectExit(0, "diff", "latest~1", id, "--json");
    expect(events.filter(({ type }) => type === "change")).toMatchObject([
      { change: "added", path: "b" },
    ]);
  },
);

/** A folder of programs of which `setfattr` does nothing and says nothing of it. */
function deafPrograms(box: Box): string {
  const folder = path.join(box.top, "programs");
  mkdirSync(folder);
  for (const name of ["getfattr", "xargs"])
    symlinkSync(run("sh", ["-c", `command -v ${name}`]).trim(), path.join(folder, name));
  writeFileSync(path.join(folder, "setfattr"), "#!/bin/sh\n", { mode: 0o755 });
  return folder;
}

test.runIf(knowsAttributes)(
  "N38, N50: a fire drill sets attributes and finds those that do not come back",
  async () => {
    using box = new Box();
    const { id } = await withOneAttribute(box);
    await box.expectExit(0, "verify", id, "--level", "5");
    const env = { PATH: deafPrograms(box) };
    const ended = await box.snap(["verify", id, "--level", "5"], { env });
    expect(ended.code).toBe(5);
    expect(ended.stdout).toContain("could not be set: user.a");
  },
);
