import { linkSync, renameSync } from "node:fs";
import { expect, test } from "vitest";
import { quickDisk } from "./stopping-disk.ts";
import { copy, rel, Scratch, trash } from "./scratch.ts";

test("S74: a file that has both names already is settled by a move that was never begun", async () => {
  using scratch = new Scratch({ a: "one" });
  const before = await scratch.expectation("a");
  linkSync(scratch.at("a"), scratch.at("b"));
  const paths = { from: rel("a"), to: rel("b") };
  const settled = await scratch
    .side()
    .settle({ act: "move", ...paths, before, displaceTo: trash, copy });
  expect(settled.state).toBe("done");
  expect(scratch.user()).toEqual({ b: "one" });
  expect(scratch.area(trash)).toEqual({});
});

test.each([undefined, "another"])(
  "S64: a file that is moved on in the moment it is placed is told by its identity (%s)",
  async (other) => {
    using scratch = new Scratch({ a: "old" });
    const before = await scratch.expectation("a");
    const source = await scratch.stage("a", "new");
    const unlink = (path: string): void => {
      quickDisk.unlink(path);
      renameSync(scratch.at("a"), scratch.at("moved on"));
      if (other !== undefined) scratch.write("a", other);
    };
    const outcome = await scratch
      .side({ ...quickDisk, unlink })
      .perform({ act: "place", source, path: rel("a"), before, displaceTo: trash, copy });
    const moved = await scratch.side().stat(rel("moved on"));
    const { fileId, size } = { fileId: moved?.fileId, size: moved?.size };
    expect(outcome).toMatchObject({ state: "done", placed: { name: "a", fileId, size } });
    expect(outcome.stat?.fileId).toBe((await scratch.side().stat(rel("a")))?.fileId);
    expect(outcome.placed?.stamp).not.toBe(moved?.stamp);
  },
);
