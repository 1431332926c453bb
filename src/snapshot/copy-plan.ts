import type { BlockPlace } from "../core/snapshot/block-index.ts";
import type { PackFrame } from "../core/snapshot/pack-index.ts";
import type { Put, PutTarget } from "./copy-job.ts";

/** Frames of one pack that are read together: they lie together, and their puts are known. */
export type FrameRun<T> = {
  readonly pack: string;
  readonly offset: number;
  readonly length: number;
  readonly frames: readonly { readonly frame: PackFrame; readonly puts: readonly OwnedPut<T>[] }[];
};

/** A block that goes somewhere, and whose it is. */
export type OwnedPut<T> = Put & { readonly owner: T };

/** The most that is read at once, as it is stored; and what lies between two frames that are read together. */
const runBytesMax = 1024 * 1024;
const runRawBytesMax = 4 * 1024 * 1024;
const gapBytesMax = 64 * 1024;

type Wanted<T> = { readonly frame: PackFrame; readonly puts: OwnedPut<T>[] };

/**
 * Gathers the blocks that a stretch of a snapshot needs, and cuts them into runs of frames in the order of the packs, so that each
 * frame is read and decoded once.
 */
export class FrameRuns<T> {
  readonly #packs = new Map<string, Map<number, Wanted<T>>>();

  add(place: BlockPlace, owner: T, to?: PutTarget): void {
    const { hash, offset, length, frame: number } = place.entry;
    let frames = this.#packs.get(place.pack);
    if (frames === undefined) this.#packs.set(place.pack, (frames = new Map()));
    let wanted = frames.get(number);
    if (wanted === undefined) frames.set(number, (wanted = { frame: place.frame, puts: [] }));
    wanted.puts.push(
      to === undefined ? { offset, length, hash, owner } : { offset, length, hash, owner, to },
    );
  }

  *runs(): Generator<FrameRun<T>> {
    for (const [pack, frames] of this.#packs) {
      const sorted = [...frames.values()].toSorted((a, b) => a.frame.offset - b.frame.offset);
      let run: Wanted<T>[] = [];
      for (const wanted of sorted) {
        if (run.length > 0 && !goesOn(run, wanted)) {
          yield runOf(pack, run);
          run = [];
        }
        run.push(wanted);
      }
      if (run.length > 0) yield runOf(pack, run);
    }
  }
}

function goesOn<T>(run: readonly Wanted<T>[], { frame }: Wanted<T>): boolean {
  const first = run[0]?.frame ?? frame;
  const last = run.at(-1)?.frame ?? frame;
  const raw = run.reduce((sum, one) => sum + one.frame.rawLength, frame.rawLength);
  const isNear = frame.offset - (last.offset + last.length) <= gapBytesMax;
  return (
    isNear && frame.offset + frame.length - first.offset <= runBytesMax && raw <= runRawBytesMax
  );
}

function runOf<T>(pack: string, frames: readonly Wanted<T>[]): FrameRun<T> {
  const offset = frames[0]?.frame.offset ?? 0;
  const last = frames.at(-1)?.frame;
  const end = last === undefined ? offset : last.offset + last.length;
  return { pack, offset, length: end - offset, frames };
}
