/** Whatever somebody does in Dropbox between the calls of a restore, no edit is lost, and both sides end equal (T5, T25, T26). */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { RestoreEvent } from "../../src/restore/restore-deps.ts";
import { planRestoreOf, restoreSnapshot } from "../../src/restore/restore-snapshot.ts";
import { RestoreWorld } from "./restore-world.ts";

const paths = ["a", "b", "d/a", "d/b", "e/a", "e/s/b", "f/a", "f/b"];
const routes = [
  "files/list_revisions",
  "files/restore",
  "files/move_batch_v2",
  "files/copy_batch_v2",
  "files/create_folder_batch",
  "files/list_folder",
];

const tree = fc
  .uniqueArray(
    fc.record({ path: fc.constantFrom(...paths), content: fc.constantFrom("1", "2", "3") }),
    {
      selector: ({ path }) => path,
      minLength: 1,
    },
  )
  .map((files) => files.map(({ path, content }) => `${path}: ${content}`).toSorted());

const act = fc.record({
  route: fc.constantFrom(...routes),
  when: fc.constantFrom("before", "after"),
  path: fc.constantFrom(...paths),
});

type Act = typeof act extends fc.Arbitrary<infer T> ? T : never;

/** As somebody leaves it who renames two folders. */
function renamed(lines: readonly string[]): readonly string[] {
  return lines.map((line) => line.replace(/^d\//u, "f/").replace(/^e\//u, "g/"));
}

/** The lines that make one tree another. */
function edits(from: readonly string[], to: readonly string[]): string {
  const names = new Set(to.map((line) => line.split(": ")[0]));
  const gone = new Set(from.map((line) => line.split(": ")[0])).difference(names);
  return [...Array.from(gone).map((name) => `-${name}`), ...to].join("\n");
}

/** Edits what stands at a place at that moment; where nothing does, a new file. */
function schedule(
  world: RestoreWorld,
  { route, when, path }: Act,
  { content, done }: { readonly content: string; readonly done: string[] },
): void {
  world.world.wire[when as "before" | "after"](route, async () => {
    // A file may be where the folder of this one belongs, and the reverse.
    await world.world.remote.write(path, content).then(
      () => done.push(content),
      () => undefined,
    );
  });
}

test("T5: no edit between two calls is lost", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        before: tree,
        other: fc.option(tree, { nil: undefined }),
        never: tree,
        acts: fc.array(act, { minLength: 1, maxLength: 3 }),
      }),
      async ({ before, other, never, acts }) => {
        const now = other ?? renamed([...new Set([...before, ...never])].toSorted());
        await using world = await RestoreWorld.synced(before.join("\n"));
        world.write(never.join("\n"));
        await world.capture("S");
        world.write(edits([...before, ...never], now));
        await world.world.sync();
        const done: string[] = [];
        const deps = await world.deps();
        const onEvent = (event: RestoreEvent): void => {
          if (event.type !== "state" || event.state !== "committed") return;
          for (const [number, one] of acts.entries())
            schedule(world, one, { content: `late ${number}`, done });
        };
        const request = { snapshot: "S", paths: [], consent: { by: "yes" } } as const;
        await restoreSnapshot({ ...deps, onEvent }, request);
        await world.world.sync();
        const both = await world.world.both();
        const isWrittenOver = (content: string): boolean => {
          const own = acts[Number(content.slice(5))];
          const later = done.slice(done.indexOf(content) + 1);
          return later.some((one) => acts[Number(one.slice(5))]?.path === own?.path);
        };
        for (const content of done) {
          if (!isWrittenOver(content)) expect(both).toContain(content);
        }
        await world.assertQuiet();
      },
    ),
    { numRuns: 60, endOnFailure: false },
  );
}, 600_000);

test("T17: where nobody comes in between, as many bytes are uploaded as the plan says", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({ before: tree, other: fc.option(tree, { nil: undefined }), never: tree }),
      async ({ before, other, never }) => {
        const now = other ?? renamed([...new Set([...before, ...never])].toSorted());
        await using world = await RestoreWorld.synced(before.join("\n"));
        world.write(never.join("\n"));
        await world.capture("S");
        const snapshot = world.world.localText();
        world.write(edits([...before, ...never], now));
        await world.world.sync();
        const plan = await planRestoreOf(await world.deps(), { snapshot: "S", paths: [] });
        const report = await world.restore();
        expect(await world.world.both()).toBe(snapshot);
        expect(report).toMatchObject({ exit: 0, uploadedBytes: plan.server?.uploadBytes });
        expect({ reverted: 0, moved: 0, copied: 0, ...report }).toMatchObject({
          reverted: plan.server?.reverted,
          moved: plan.server?.moved,
          copied: plan.server?.copied,
        });
        await world.assertQuiet();
      },
    ),
    { numRuns: 40, endOnFailure: false },
  );
}, 600_000);
