import type { SnapshotRoot } from "./root.ts";

/** What decides where a root stands among others. */
type Dated = Pick<SnapshotRoot, "id" | "time" | "parent" | "hydrated">;

/** When a snapshot counts as taken: `step` counts those that go on from one another within the same moment. */
type Moment = { readonly timeMs: number; readonly step: number };

/**
 * Moments by which snapshots stand oldest first. None is older than the one that it goes on from, whatever the clock said: a
 * snapshot that was dated years ahead is not the latest any more once another one followed (N25).
 */
export function momentsOf(roots: readonly Dated[]): (id: string) => Moment | undefined {
  const byId = new Map(roots.map((root) => [root.id, root]));
  const known = new Map<string, Moment>();
  for (const root of roots) {
    const chain: Dated[] = [];
    let next: Dated | undefined = root;
    while (next !== undefined && !known.has(next.id)) {
      chain.push(next);
      next = byId.get(next.parent ?? "");
    }
    for (const one of chain.toReversed())
      known.set(one.id, momentOf(one, known.get(one.parent ?? "")));
  }
  return (id) => known.get(id);
}

/** One that was hydrated is its parent once more, and older than all that went on from that (N42). */
const hydratedStep = 0.5;

function momentOf({ time, hydrated }: Dated, parent: Moment | undefined): Moment {
  const timeMs = Date.parse(time);
  if (parent !== undefined && hydrated !== undefined)
    return { timeMs: parent.timeMs, step: parent.step + hydratedStep };
  if (parent === undefined || timeMs > parent.timeMs) return { timeMs, step: 0 };
  return { timeMs: parent.timeMs, step: parent.step + 1 };
}

/** For `toSorted`: the older first. */
export function compareMoments(a: Moment, b: Moment): number {
  return a.timeMs - b.timeMs || a.step - b.step;
}
