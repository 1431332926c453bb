import { describe, expect, test } from "vitest";
import { planRestore } from "../../../src/core/snapshot/restore-plan.ts";
import { bothSides, disk, dropbox, sightOf, subject, wantedTree } from "./restore-scenes.ts";

const actions = (plan: ReturnType<typeof planRestore>): string[] =>
  plan.items.map(({ path, local, remote }) => `${path} ${local.action}/${remote?.action ?? "-"}`);

describe("what is done at each path (T16)", () => {
  test("T10: a full restore replaces what differs, removes what is new and keeps what is equal", () => {
    const wanted = wantedTree({ a: "1", d: null, "d/b": "2" });
    const plan = planRestore(
      wanted,
      bothSides({ a: "9", d: null, "d/b": "2", new: "5" }),
      subject(),
    );
    expect(actions(plan)).toEqual(["a replace/replace", "new delete/delete"]);
    expect(plan.counts.local).toMatchObject({ keep: 2, replace: 1, delete: 1, bytes: 1 });
  });

  test("T10: without deletion what is new stays on both sides", () => {
    const wanted = wantedTree({ a: "1" }, { isRemoved: () => false });
    const plan = planRestore(wanted, bothSides({ a: "9", new: "5" }), subject());
    expect(actions(plan)).toEqual(["a replace/replace"]);
  });

  test("T11: equal content is kept whatever its time, and gets only mode and time", () => {
    const wanted = wantedTree({ a: "1" }, { modifiedNs: "5000000" });
    const plan = planRestore(wanted, bothSides({ a: "1" }), subject());
    expect(actions(plan)).toEqual(["a metadata/keep"]);
  });

  test("T11: times that differ by less than a microsecond are equal", () => {
    const wanted = wantedTree({ a: "1" }, { modifiedNs: "1000000240" });
    expect(planRestore(wanted, bothSides({ a: "1" }), subject()).items).toEqual([]);
  });

  test("T16: the sides are decided apart", () => {
    const wanted = wantedTree({ a: "1", b: "1" });
    const sight = sightOf(disk({ a: "1", b: "3" }), dropbox({ a: "8", b: "1", c: "1" }));
    const plan = planRestore(wanted, sight, subject());
    expect(actions(plan)).toEqual(["a keep/replace", "b replace/keep", "c keep/delete"]);
  });

  test("T14: a file where a folder stands takes everything below it away", () => {
    const wanted = wantedTree({ p: "1" }, { isRemoved: () => false });
    const plan = planRestore(wanted, bothSides({ p: null, "p/x": "2" }), subject());
    expect(actions(plan)).toEqual(["p replace/replace", "p/x delete/delete"]);
  });

  test("T14: a folder where a file stands", () => {
    const wanted = wantedTree({ p: null, "p/x": "2" });
    const plan = planRestore(wanted, bothSides({ p: "1" }), subject());
    expect(actions(plan)).toEqual(["p replace/replace", "p/x create/create"]);
  });

  test("T29: without a link there is no remote half", () => {
    const plan = planRestore(
      wantedTree({ a: "1" }),
      sightOf(disk({ a: "9" }), undefined),
      subject(),
    );
    expect(actions(plan)).toEqual(["a replace/-"]);
    expect(plan.counts.remote).toBeUndefined();
  });

  test("S29: what has the name of a wanted link stays in Dropbox, with all that is below it", () => {
    const plan = planRestore(
      wantedTree({ l: "->d" }),
      bothSides({ l: null, "l/x": "1" }),
      subject(),
    );
    expect(actions(plan)).toEqual(["l replace/aside", "l/x delete/aside"]);
    expect(plan.left.map(({ path }) => path)).toEqual(["l"]);
  });

  test("X4: a wanted link is made on the disk only", () => {
    const wanted = wantedTree({ l: "->d", m: "->e" });
    const plan = planRestore(wanted, sightOf(disk({ m: "->e" }), dropbox({})), subject());
    expect(actions(plan)).toEqual(["l create/keep"]);
  });
});

describe("what is left as it is", () => {
  test("T13: a folder that holds something ignored stays, and what is known in it goes", () => {
    const local = disk({ d: null, "d/x": "1" }, { holding: ["d"] });
    const plan = planRestore(
      wantedTree({}),
      sightOf(local, dropbox({ d: null, "d/x": "1" })),
      subject(),
    );
    expect(actions(plan)).toEqual(["d/x delete/delete"]);
  });

  test("T13: such a folder cannot become a file, and nothing below it is touched", () => {
    const local = disk({ d: null, "d/x": "1" }, { holding: ["d"] });
    const plan = planRestore(wantedTree({ d: "1" }), sightOf(local, dropbox({})), subject());
    expect(actions(plan)).toEqual([]);
    expect(plan.left).toEqual([
      { path: "d", side: "both", reason: "holds files that are not touched" },
    ]);
  });

  test("S29: an unreadable folder stays with all that is below, and so do the folders above", () => {
    const local = disk({ top: null }, { unknown: ["top/locked"] });
    const remote = dropbox({ top: null, "top/locked": null, "top/locked/x": "1" });
    const plan = planRestore(wantedTree({}), sightOf(local, remote), subject());
    expect(actions(plan)).toEqual([]);
  });

  test("T10: nothing is removed at or below a folder that the snapshot could not read", () => {
    const wanted = wantedTree({ d: null }, { frozen: ["d/locked"] });
    const plan = planRestore(
      wanted,
      bothSides({ d: null, "d/locked": null, "d/locked/x": "1" }),
      subject(),
    );
    expect(actions(plan)).toEqual([]);
  });

  test("T12: local content that exists nowhere else is kept on request, with the folders that hold it", () => {
    const sight = sightOf(disk({ d: null, "d/mine": "7", a: "9" }), dropbox({ d: null }), {
      saved: ["9"],
    });
    const plan = planRestore(wantedTree({ a: "1" }), sight, subject({ onUnsaved: "keep" }));
    expect(actions(plan)).toEqual(["a replace/create"]);
    expect(plan.left).toEqual([
      { path: "d/mine", side: "both", reason: "not saved anywhere else" },
    ]);
  });

  test("T33: a name that Dropbox refuses is restored on the disk and left aside there", () => {
    const plan = planRestore(wantedTree({ "x\\y": "1" }), bothSides({}), subject());
    expect(actions(plan)).toEqual(["x\\y create/aside"]);
    expect(plan.left[0]).toMatchObject({ side: "remote", path: "x\\y" });
  });

  test("S42: of two names with one key only one can be in Dropbox", () => {
    const plan = planRestore(wantedTree({ A: "1", a: "2" }), bothSides({ a: "2" }), subject());
    expect(actions(plan)).toEqual(["A create/aside"]);
  });

  test("S15: a rename of case only is no removal in Dropbox", () => {
    const plan = planRestore(wantedTree({ a: "1" }), bothSides({ A: "1" }), subject());
    expect(actions(plan)).toEqual(["A delete/-", "a create/keep"]);
  });
});

describe("what each side loses (T4)", () => {
  test("T12: local content without a copy anywhere, and edits in Dropbox that never came down", () => {
    const sight = sightOf(disk({ a: "9", b: "1", mine: "7" }), dropbox({ a: "9", b: "8" }));
    const { loses } = planRestore(wantedTree({ a: "1", b: "1" }), sight, subject());
    expect(loses.localOnly.map(({ path }) => path)).toEqual(["mine"]);
    expect(loses.remoteNewer.map(({ path }) => path)).toEqual(["b"]);
  });
});

describe("the digest (T18)", () => {
  const plan = (sides: Record<string, string>, options = {}): string =>
    planRestore(wantedTree({ a: "1" }), bothSides(sides), subject(options)).digest;

  test("equal plans have equal digests", () => {
    expect(plan({ a: "9" })).toBe(plan({ a: "9" }));
    expect(plan({ a: "9" })).toMatch(/^[0-9a-f]{64}$/);
  });

  test("it changes with what is expected, with the options and with the link", () => {
    const digests = [
      plan({ a: "9" }),
      plan({ a: "8" }),
      plan({ a: "9", b: "1" }),
      plan({ a: "9" }, { delete: false }),
      planRestore(wantedTree({ a: "1" }), bothSides({ a: "9" }), { ...subject(), link: undefined })
        .digest,
    ];
    expect(new Set(digests).size).toBe(digests.length);
  });
});

test("T18: the digest of a plan is the same in every version", () => {
  const sight = sightOf(disk({ a: "9", d: null, l: "->x", new: "5" }), dropbox({ a: "8", b: "1" }));
  const plan = planRestore(wantedTree({ a: "1", d: null, "d/b": "2" }), sight, subject());
  expect(plan.digest).toBe("25a07e4b65011a66e907fc78423299d66f08fb9b78f18340b296babebbd29435");
});
