import {
  copyFileSync,
  readFileSync,
  readdirSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { describe, expect, test } from "vitest";
import { find, codes, pathOf, rev, packed, flip } from "./damaged.ts";
import { git, Scratch } from "./repositories.ts";

describe("G40 tier 2", () => {
  test("the commit of a branch is missing", async () => {
    using scratch = new Scratch();
    scratch.base();
    unlinkSync(pathOf(scratch, rev(scratch, "HEAD")));
    const { damage } = await find(scratch);
    expect(damage[0]).toMatchObject({ code: "tip-missing", tier: 2, path: "HEAD" });
  });

  test("the root tree of a branch is missing", async () => {
    using scratch = new Scratch();
    scratch.base();
    unlinkSync(pathOf(scratch, rev(scratch, "HEAD^{tree}")));
    expect(codes((await find(scratch)).damage)).toContain("tip-tree-missing");
  });

  test("an older stash is missing", async () => {
    using scratch = new Scratch();
    scratch.base();
    for (const text of ["one", "two"]) {
      writeFileSync(scratch.at("file1"), text);
      git(scratch.top, "stash", "-q");
    }
    unlinkSync(pathOf(scratch, rev(scratch, "stash@{1}")));
    const { damage } = await find(scratch);
    expect(damage).toContainEqual(
      expect.objectContaining({ code: "tip-missing", path: "stash@{1}" }),
    );
  });

  test("a pack that was cut off", async () => {
    using scratch = new Scratch();
    scratch.base();
    const pack = packed(scratch);
    const bytes = readFileSync(pack);
    rmSync(pack);
    writeFileSync(pack, bytes.subarray(0, bytes.length >> 1));
    expect(codes((await find(scratch)).damage)).toContain("pack-truncated");
  });

  test("a pack of another device under the same name", async () => {
    using scratch = new Scratch();
    scratch.base();
    const pack = packed(scratch);
    scratch.base("other");
    scratch.commit(scratch.at("other"), "different");
    git(scratch.at("other"), "repack", "-adq");
    const [name = ""] = readdirSync(scratch.at("other/.git/objects/pack")).filter((one) =>
      one.endsWith(".pack"),
    );
    rmSync(pack);
    copyFileSync(scratch.at(`other/.git/objects/pack/${name}`), pack);
    rmSync(scratch.at("other"), { recursive: true });
    expect(codes((await find(scratch)).damage)).toContain("pack-changed");
  });

  test("an index of the work tree with one flipped byte", async () => {
    using scratch = new Scratch();
    scratch.base();
    flip(scratch.at(".git/index"), 40);
    expect((await find(scratch)).damage).toMatchObject([{ code: "index-corrupt", tier: 2 }]);
  });

  test("an alternate that is not here", async () => {
    using scratch = new Scratch();
    scratch.base();
    scratch.write(".git/objects/info/alternates", "/nowhere/objects\n");
    expect(codes((await find(scratch)).damage)).toEqual(["alternates-missing"]);
  });
});
