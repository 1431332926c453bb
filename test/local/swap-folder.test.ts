import { expect, test } from "vitest";
import { parseRelPath } from "../../src/core/path/rel-path.ts";
import { swapFolder, type SwapFolder } from "../../src/local/swap-folder.ts";
import { plannedDisk, quickDisk, Stopped, type DiskPlan } from "./stopping-disk.ts";
import { Scratch } from "./scratch.ts";

const place = parseRelPath("r/.git");
const staged = { area: { kind: "staging", id: "x" }, path: place } as const;
const undo = { kind: "undo", id: "x" } as const;
const files = { "r/.git/HEAD": "old", "r/file": "f", ".snap/staging/x/r/.git/HEAD": "new" };

const cases: readonly (readonly [string, SwapFolder, Record<string, string>])[] = [
  [
    "replaced",
    { path: place, source: staged, displaceTo: undo },
    { "r/.git/HEAD": "new", "r/file": "f", ".snap/undo/x/r/.git/HEAD": "old" },
  ],
  [
    "taken away",
    { path: place, source: undefined, displaceTo: undo },
    {
      "r/file": "f",
      ".snap/undo/x/r/.git/HEAD": "old",
      ".snap/staging/x/r/.git/HEAD": "new",
    },
  ],
  [
    "placed where no folder is",
    { path: parseRelPath("new/deep/.git"), source: staged },
    { "r/.git/HEAD": "old", "r/file": "f", "new/deep/.git/HEAD": "new" },
  ],
];

function begin(scratch: Scratch, swap: SwapFolder, plan: DiskPlan): ReturnType<typeof swapFolder> {
  return swapFolder({ top: scratch.top, disk: plannedDisk(plan).disk }, swap);
}

test.each(cases)(
  "T40: a folder that is %s is so after a stop at any call",
  async (_name, swap, wanted) => {
    using counted = new Scratch(files);
    const { disk, calls } = plannedDisk({});
    expect(await swapFolder({ top: counted.top, disk }, swap)).toBe("done");
    expect(counted.files()).toEqual(wanted);
    expect(calls.length).toBeGreaterThan(5);
    for (let at = 0; at < calls.length; at += 1) {
      for (const when of ["before", "after"] as const) {
        using scratch = new Scratch(files);
        const first = begin(scratch, swap, { stop: { at, when } });
        await expect(first).rejects.toThrow(Stopped);
        const again = await swapFolder({ top: scratch.top, disk: quickDisk }, swap);
        expect([again, scratch.files()], `${when} ${at}`).toEqual(["done", wanted]);
      }
    }
  },
);

test("T40: what somebody makes there in between stays, and so does what was displaced", async () => {
  const [, swap] = cases[0] ?? [];
  if (swap === undefined) throw new Error("no case");
  using counted = new Scratch(files);
  const { disk, calls } = plannedDisk({});
  await swapFolder({ top: counted.top, disk }, swap);
  const outcomes = new Set<string>();
  for (let at = 0; at < calls.length; at += 1) {
    using scratch = new Scratch(files);
    let isMade = false;
    const act = (): void => {
      if (scratch.files()["r/.git/HEAD"] !== undefined) return;
      scratch.write("r/.git/HEAD", "other");
      isMade = true;
    };
    outcomes.add(await begin(scratch, swap, { meanwhile: { at, act } }));
    const left = Object.values(scratch.files());
    expect(left).toEqual(expect.arrayContaining(["old", "new", ...(isMade ? ["other"] : [])]));
  }
  expect(outcomes).toEqual(new Set(["done", "taken"]));
});

test("T40: where nothing is to be, what is there stays", async () => {
  using scratch = new Scratch(files);
  const swap = { path: place, source: staged };
  expect(await swapFolder({ top: scratch.top, disk: quickDisk }, swap)).toBe("taken");
  expect(scratch.files()).toEqual(files);
});
