import { chmodSync, linkSync, mkdirSync, renameSync, statSync, utimesSync } from "node:fs";
import { writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { LocalAct, LocalExpectation } from "../../src/core/plan/local-act.ts";
import { copy, rel, Scratch, trash } from "./scratch.ts";

/** What the engine believes of a file: everything of its last look. */
async function stamped(scratch: Scratch, path: string): Promise<LocalExpectation> {
  const stat = await scratch.side().stat(rel(path));
  const expectation = await scratch.expectation(path);
  if (stat === undefined || expectation.kind !== "file") throw new Error(`no file at ${path}`);
  return { ...expectation, stamp: stat.stamp };
}

/** An edit in place of equal size whose mtime is set back: only the ctime tells. */
async function editUnseen(scratch: Scratch, path: string): Promise<void> {
  const { atime, mtime } = statSync(scratch.at(path));
  utimesSync(scratch.at(path), atime, mtime);
  writeFileSync(scratch.at(path), "USR");
  utimesSync(scratch.at(path), atime, mtime);
}

const acts: Readonly<Record<string, (scratch: Scratch) => Promise<LocalAct>>> = {
  place: async (scratch) => ({
    act: "place",
    source: await scratch.stage("d/f", "new"),
    path: rel("d/f"),
    before: await stamped(scratch, "d/f"),
    displaceTo: trash,
    copy,
  }),
  move: async (scratch) => ({
    act: "move",
    from: rel("d/f"),
    to: rel("g"),
    before: await stamped(scratch, "d/f"),
    displaceTo: trash,
    copy,
  }),
  displace: async (scratch) => ({
    act: "displace",
    path: rel("d/f"),
    before: await stamped(scratch, "d/f"),
    known: [],
    displaceTo: trash,
    copy,
  }),
  "displace a folder": async (scratch) => ({
    act: "displace",
    path: rel("d"),
    before: await scratch.expectation("d"),
    known: [[rel("f"), await stamped(scratch, "d/f")]],
    displaceTo: trash,
    copy,
  }),
};

/** Times in whole milliseconds, so that they can be set back exactly. */
function opened(): Scratch {
  const scratch = new Scratch({ "d/f": "old" });
  utimesSync(scratch.at("d/f"), 1_700_000_000, 1_700_000_000);
  return scratch;
}

describe.each(Object.entries(acts))("S18, S53: %s", (_, actOf) => {
  test("is cancelled by an edit that only the ctime shows", async () => {
    using scratch = opened();
    const act = await actOf(scratch);
    await editUnseen(scratch, "d/f");
    expect((await scratch.side().perform(act)).state).toBe("cancelled");
    expect(scratch.user()).toEqual({ "d/f": "USR" });
  });

  test.each([
    ["other permissions", (path: string) => chmodSync(path, 0o600)],
    ["another name", (path: string) => linkSync(path, `${path}-too`)],
  ])("takes a file with %s and the same content for unchanged", async (name, touch) => {
    using scratch = opened();
    const act = await actOf(scratch);
    if (name === "another name" && "known" in act && act.known.length > 0) return;
    touch(scratch.at("d/f"));
    expect((await scratch.side().perform(act)).state).toBe("done");
  });

  test("S24: is cancelled by an edit that no stamp shows, where the hash was taken right after a change", async () => {
    using scratch = opened();
    const act = await actOf(scratch);
    await editUnseen(scratch, "d/f");
    const stat = await scratch.side().stat(rel("d/f"));
    const unproven = (before: LocalExpectation): LocalExpectation =>
      before.kind === "file" && stat !== undefined
        ? { ...before, stamp: stat.stamp, isUnproven: true }
        : before;
    const known = "known" in act ? act.known : [];
    const unprovenAct: LocalAct =
      act.act === "displace"
        ? {
            ...act,
            before: unproven(act.before),
            known: known.map(([path, one]) => [path, unproven(one)]),
          }
        : { ...act, ...(act.before && { before: unproven(act.before) }) };
    expect((await scratch.side().perform(unprovenAct)).state).toBe("cancelled");
    expect(scratch.user()).toEqual({ "d/f": "USR" });
  });

  test("is settled after a crash though its own rename changed the ctime", async () => {
    using scratch = opened();
    const act = await actOf(scratch);
    const isMove = act.act === "move";
    const to = isMove ? "g" : `.snap/trash/op1/${act.path}`;
    mkdirSync(scratch.at(".snap/trash/op1/d"), { recursive: true });
    if ("known" in act && act.known.length > 0) mkdirSync(scratch.at(to), { recursive: true });
    const [from, there] =
      act.act === "displace" && act.known.length > 0 ? ["d/f", `${to}/f`] : ["d/f", to];
    if (isMove) linkSync(scratch.at(from), scratch.at(there));
    else renameSync(scratch.at(from), scratch.at(there));
    expect((await scratch.side().settle(act)).state).toBe("done");
    expect(Object.values(scratch.user()).filter((text) => text === "old")).toHaveLength(
      isMove ? 1 : 0,
    );
  });
});
