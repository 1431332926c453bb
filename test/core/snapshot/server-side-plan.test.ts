/** Which calls put back what Dropbox still holds (T24). */
import fc from "fast-check";
import { expect, test } from "vitest";
import { foresee } from "../../../src/core/snapshot/server-forecast.ts";
import { openWishes, type ServerSide } from "../../../src/core/snapshot/server-world.ts";
import { ServerModel, treeOf, type Tree } from "./server-model.ts";

function served(
  {
    present,
    wanted,
    revisions = [],
  }: { present: string; wanted: string; revisions?: readonly string[] },
  serverSide: ServerSide = "prefer",
): { readonly calls: readonly string[]; readonly text: string } {
  const start = { present: treeOf(present), wanted: treeOf(wanted), revisions: new Set(revisions) };
  const model = new ServerModel(start, { serverSide }).run();
  return { calls: model.calls, text: model.text() };
}

test.for([
  ["what is there already", "a: 1", "a: 1", [], []],
  ["what was renamed is moved back, before a revision", "b: 1", "a: 1", ["a 1"], ["move a"]],
  [
    "what was moved is moved back into a folder that is made",
    "b: 1",
    "d/a: 1",
    [],
    ["folder d", "move d/a"],
  ],
  ["what was edited is put back", "a: 9", "a: 1", ["a 1"], ["revert a"]],
  ["what was deleted is put back, before a copy", "b: 1", "a: 1\nb: 1", ["a 1"], ["revert a"]],
  ["what stands elsewhere is copied", "b: 1", "a: 1\nb: 1", [], ["copy a"]],
  ["nothing is copied over anything", "a: 9\nb: 1", "a: 1\nb: 1", [], []],
  ["nothing is moved over anything", "a: 9\nb: 1", "a: 1", [], []],
  [
    "what is wanted where it stands under other content is not moved away",
    "b: 1\nc: 2",
    "a: 1\nb: 2",
    [],
    ["copy a"],
  ],
  ["one file cannot be moved to two places", "c: 1", "a: 1\nb: 1", [], ["move a", "copy b"]],
  [
    "of equal files that of the same name is moved",
    "d/a: 1\nd/b: 1\ne/",
    "e/a: 1\ne/b: 1\nd/",
    [],
    ["move e/a", "move e/b"],
  ],
  [
    "two that changed places are put back",
    "a: 2\nb: 1",
    "a: 1\nb: 2",
    ["a 1", "b 2"],
    ["revert a", "revert b"],
  ],
  [
    "what a revision goes over is copied first",
    "b: 2",
    "a: 2\nb: 1",
    ["b 1"],
    ["copy a", "revert b"],
  ],
  ["what was put back is copied from there", "a: 9", "a: 1\nb: 1", ["a 1"], ["revert a", "copy b"]],
  [
    "a folder that is gone is made once",
    "",
    "d/a: 1\nd/b: 2",
    ["d/a 1", "d/b 2"],
    ["folder d", "revert d/a", "revert d/b"],
  ],
  ["an empty folder is made", "", "d/e/", [], ["folder d", "folder d/e"]],
  [
    "a folder moves with all that is in it",
    "old/a: 1\nold/s/b: 2",
    "new/a: 1\nnew/s/b: 2",
    [],
    ["move new"],
  ],
  [
    "a folder of which something else is wanted moves file by file",
    "old/a: 1\nold/b: 9",
    "new/a: 1\nnew/b: 2",
    [],
    ["folder new", "move new/a"],
  ],
  [
    "a folder of which something stays moves file by file",
    "old/a: 1\nold/b: 2",
    "new/a: 1\nold/b: 2",
    [],
    ["folder new", "move new/a"],
  ],
  [
    "a folder moves, and what else is wanted in it follows",
    "old/a: 1\nx: 2",
    "new/a: 1\nnew/b: 2",
    [],
    ["move new", "move new/b"],
  ],
  [
    "of a folder and its copy one is there",
    "old/a: 1",
    "new/a: 1\nold/a: 1",
    [],
    ["folder new", "copy new/a"],
  ],
  ["what has a file in its way waits for the push", "d: 9\nb: 1", "d/a: 1", ["d/a 1"], []],
] as const)("T24: %s", ([, present, wanted, revisions, calls]) => {
  expect(served({ present, wanted, revisions }).calls).toEqual(calls);
});

test("T24: with `large` small files are left to be uploaded, and moved all the same", () => {
  const world = { present: "a: 9\nc: 2", wanted: "a: 1\nb: 2", revisions: ["a 1"] };
  expect(served(world, "large").calls).toEqual(["move b"]);
});

const paths = ["a", "b", "d/a", "d/b", "e/a", "e/s/b"];
const tree = fc
  .array(
    fc.record({
      path: fc.constantFrom(...paths, "d", "e"),
      content: fc.constantFrom("1", "2", "3"),
    }),
    { maxLength: 6 },
  )
  .map((files): Tree => {
    const text = new Map<string, string>();
    for (const { path, content } of files) {
      // The first of two that exclude each other is there.
      const clashes = [...text.keys()].some(
        (other) => other === path || other.startsWith(`${path}/`) || path.startsWith(`${other}/`),
      );
      if (!clashes) text.set(path, content);
    }
    return treeOf([...text].map(([path, content]) => `${path}: ${content}`).join("\n"));
  });
const start = fc.record({
  present: tree,
  wanted: tree,
  revisions: fc
    .array(fc.tuple(fc.constantFrom(...paths), fc.constantFrom("1", "2", "3")), { maxLength: 6 })
    .map((all) => new Set(all.map(([path, content]) => `${path} ${content}`))),
});

test("T24: what Dropbox holds ends where it is wanted, and nothing that is wanted where it is was touched", () => {
  fc.assert(
    fc.property(start, (world) => {
      const model = new ServerModel(world).run();
      const { present } = model.world();
      for (const wish of openWishes(model.world())) {
        expect(model.isKept(wish), `a revision of ${wish.path}`).toBe(false);
        const isFree = !present.has(wish.key);
        const isAlive = [...present].some(([, { hash }]) => hash === wish.hash);
        expect(isFree && isAlive, `${wish.path} could be copied`).toBe(false);
      }
      for (const [name, content] of world.wanted) {
        if (world.present.get(name) === content)
          expect(present.get(name.replace(/\/$/u, ""))).toBeDefined();
        if (content !== "" && world.present.get(name) === content)
          expect(model.content(name)).toBe(content);
      }
    }),
    { numRuns: 3_000 },
  );
});

test("T24: a plan foretells what is done, where Dropbox was asked for all", () => {
  fc.assert(
    fc.property(start, (world) => {
      const model = new ServerModel(world);
      const before = model.world();
      const known = before.wishes.map(
        ({ path, hash }) => [path, model.isKept({ path, hash }) ? "rev" : undefined] as const,
      );
      const { forecast, unasked } = foresee({ ...before, known: new Map(known) }, "prefer");
      model.run();
      const after = model.world();
      const missing = after.wishes.filter(({ path, hash }) => model.content(path) !== hash);
      const count = (call: string): number =>
        model.calls.filter((name) => name.startsWith(`${call} `)).length;
      expect(unasked).toEqual([]);
      expect(forecast).toMatchObject({
        reverted: count("revert"),
        copied: count("copy"),
        uploaded: missing.length,
      });
      expect(forecast.uploadBytes).toBe(missing.length);
    }),
    { numRuns: 1_000 },
  );
});

test("T24: what was not asked for is foretold as uploaded, and named", () => {
  const world = {
    present: treeOf("a: 9\nc: 2"),
    wanted: treeOf("a: 1\nb: 2"),
    revisions: new Set<string>(),
  };
  const { forecast, unasked } = foresee(new ServerModel(world).world(), "prefer");
  expect(forecast).toEqual({
    serverSide: "prefer",
    reverted: 0,
    moved: 1,
    copied: 0,
    uploaded: 1,
    unasked: 1,
    uploadBytes: 1,
    calls: 2,
  });
  expect(unasked.map(({ path }) => path)).toEqual(["a"]);
  const never = foresee(new ServerModel(world).world(), "never").forecast;
  expect(never).toMatchObject({ moved: 0, uploaded: 2, unasked: 0, uploadBytes: 2 });
});

test("T24: whatever is refused, each call is made once, nothing is overwritten, and nothing that is wanted is touched", () => {
  fc.assert(
    fc.property(start, fc.func(fc.boolean()), (world, refuses) => {
      const model = new ServerModel(world, { refuses }).run();
      for (const [name, content] of world.wanted) {
        if (content !== "" && world.present.get(name) === content)
          expect(model.content(name)).toBe(content);
      }
    }),
    { numRuns: 2_000 },
  );
});
