import { CheckedRecord, canonicalJson, textFromBytes } from "../core/snapshot/checked-json.ts";
import { SnapError } from "../std/error.ts";
import { isUnreadable } from "./store-error.ts";
import type { StoreFiles } from "./store-files.ts";

/** Says that the store goes on elsewhere: what is written here from now on would be missed there (N9). */
export const movedName = "moved.json";
const movedBytesMax = 64 * 1024;

/** Nothing more is written into this store. The writer's lock is held. */
export async function markMoved(files: StoreFiles, to: string): Promise<void> {
  await files.put(movedName, Buffer.from(canonicalJson({ to })));
}

/** Asked by every writer as soon as it has the lock. @throws {SnapError} `refused` where the store goes on elsewhere */
export async function refuseMoved(files: StoreFiles): Promise<void> {
  const to = await movedTo(files);
  if (to === undefined) return;
  throw new SnapError("refused", `The snapshot store "${files.top}" was moved to "${to}"`, {
    path: files.top,
    hint: `\`snap store move FOLDER\` ends a move that was cut off. To go on with the old place, remove "${files.top}/${movedName}".`,
  });
}

async function movedTo(files: StoreFiles): Promise<string | undefined> {
  try {
    const bytes = await files.get(movedName, movedBytesMax);
    if (bytes === undefined) return undefined;
    return CheckedRecord.parse(textFromBytes(bytes, movedName), movedName).text("to");
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    return "an unknown place";
  }
}
