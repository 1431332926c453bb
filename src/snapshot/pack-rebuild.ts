import { damagedError } from "../core/snapshot/checked-json.ts";
import { frameRawMax } from "../core/snapshot/pack-index.ts";
import type { PackContents, PackEntry, PackFrame } from "../core/snapshot/pack-index.ts";
import { isSnapError } from "../std/error.ts";
import { measureFrame } from "./frame-walk.ts";
import { decodeFrame, hashOfEntryName, tarEntries } from "./frame.ts";

/** What a walk over a pack found; `isWhole` is false where a frame could not be decoded, or it had to stop before the end. */
export type RebuiltPack = { readonly contents: PackContents; readonly isWhole: boolean };

/**
 * Make the index of a pack again from the pack itself (N18): every frame is measured, decoded and looked through.
 * A frame that cannot be decoded is passed over; the walk stops where none can be measured, and what lies before stays usable.
 */
export async function rebuildContents(pack: Buffer): Promise<RebuiltPack> {
  const frames: PackFrame[] = [];
  const entries = new Map<string, PackEntry>();
  let at = 0;
  try {
    while (at < pack.length) {
      const found = await readFrameAt(pack, at);
      for (const entry of found.entries ?? [])
        entries.set(entry.hash, { ...entry, frame: frames.length });
      if (found.entries !== undefined) frames.push(found.frame);
      at += found.frame.length;
    }
  } catch (error) {
    if (!isSnapError(error, "damaged")) throw error;
  }
  const contents = { packLength: pack.length, frames, entries: [...entries.values()] };
  const found = frames.reduce((sum, { length }) => sum + length, 0);
  return { contents, isWhole: found === pack.length };
}

type FoundInFrame = {
  readonly frame: PackFrame;
  /** Absent where it cannot be decoded: then it is left out of the index, which has a gap there. */
  readonly entries?: readonly Omit<PackEntry, "frame">[];
};

async function readFrameAt(pack: Buffer, offset: number): Promise<FoundInFrame> {
  const { length, rawLength } = measureFrame(pack.subarray(offset));
  if (rawLength > frameRawMax) throw damagedError("A frame of a pack claims to be far too long");
  const frame = { offset, length, rawLength };
  try {
    const raw = await decodeFrame(pack.subarray(offset, offset + length), rawLength);
    const entries = [...tarEntries(raw)].flatMap((entry) => {
      const hash = hashOfEntryName(entry.name);
      return hash === undefined ? [] : [{ hash, offset: entry.offset, length: entry.length }];
    });
    return { frame, entries };
  } catch (error) {
    if (!isSnapError(error, "damaged")) throw error;
    return { frame };
  }
}
