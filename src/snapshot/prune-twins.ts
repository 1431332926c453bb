import type { BlockPlace } from "../core/snapshot/block-index.ts";
import type { BlockSet } from "../core/snapshot/block-set.ts";
import { throwIfAborted } from "../std/error.ts";
import type { Shelf } from "./packs.ts";
import { isUnreadable } from "./store-error.ts";

/** Packs of one kind that are to go, and what must stay. */
export type TwinsJob = {
  readonly shelf: Shelf;
  readonly live: BlockSet;
  /** Packs to be dropped or rewritten. */
  readonly going: readonly string[];
  readonly onStep: () => Promise<void>;
  readonly signal: AbortSignal | undefined;
};

/**
 * Of a block in two packs one copy counts; the other goes only after that one was read. Undefined where all are sound, or else
 * the pack in which one is not.
 *
 * @throws {SnapError} `interrupted`
 */
export async function damagedTwin(job: TwinsJob): Promise<string | undefined> {
  for (const place of twinsOf(job).toSorted(byPlace)) {
    throwIfAborted(job.signal);
    await job.onStep();
    try {
      await job.shelf.reader.readAt(place);
    } catch (error) {
      if (!isUnreadable(error)) throw error;
      return place.pack;
    }
  }
  return undefined;
}

/** The copies that count, in packs to be trusted, of blocks that lie in packs that go. */
function twinsOf({ shelf, live, going }: TwinsJob): readonly BlockPlace[] {
  const { index } = shelf.catalogue;
  const twins = new Map<string, BlockPlace>();
  for (const { pack, place } of liveElsewhere({ shelf, live, going }))
    if (pack !== place.pack && index.isTrusted(place.pack)) twins.set(place.entry.hash, place);
  return [...twins.values()];
}

/** Whether a pack holds a block that is needed and that no pack to be trusted has: then any copy may be the sound one. */
export function isLastResort(
  { shelf, live }: Pick<TwinsJob, "shelf" | "live">,
  pack: string,
): boolean {
  const { index } = shelf.catalogue;
  return liveElsewhere({ shelf, live, going: [pack] }).some(
    ({ place }) => !index.isTrusted(place.pack),
  );
}

function* liveElsewhere({
  shelf,
  live,
  going,
}: Pick<TwinsJob, "shelf" | "live" | "going">): Generator<{ pack: string; place: BlockPlace }> {
  const { index } = shelf.catalogue;
  const chosen = new Set(going);
  for (const [pack, contents] of index.packs().filter(([name]) => chosen.has(name))) {
    for (let position = 0; position < contents.entryCount; position += 1) {
      const { hash } = contents.entry(position);
      const place = live.has(hash) ? index.find(hash) : undefined;
      if (place !== undefined) yield { pack, place };
    }
  }
}

function byPlace(a: BlockPlace, b: BlockPlace): number {
  if (a.pack !== b.pack) return a.pack < b.pack ? -1 : 1;
  return a.frame.offset - b.frame.offset;
}
