import { textFromBytes } from "../core/snapshot/checked-json.ts";
import { changedNote, decodeNote, encodeNote, withNote } from "../core/snapshot/note.ts";
import type { NoteChange, NotedRoot, SnapshotNote } from "../core/snapshot/note.ts";
import type { SnapshotRoot } from "../core/snapshot/root.ts";
import { assert } from "../std/assert.ts";
import { forEachLimited } from "../std/limiter.ts";
import type { Logger } from "../std/log.ts";
import { isoSeconds } from "../std/time.ts";
import type { Clock } from "../std/time.ts";
import { isUnreadable } from "./store-error.ts";
import type { StoreFiles } from "./store-files.ts";

const notesFolder = "notes";
const noteBytesMax = 1024 * 1024;
const readsAtOnce = 16;

/** The newest note of a snapshot; `note` is undefined where it cannot be read. */
type FoundNote = { readonly number: number; readonly note: SnapshotNote | undefined };

/** The newest notes of all snapshots (N25). */
export class Notes {
  readonly #found: ReadonlyMap<string, FoundNote>;

  constructor(found: ReadonlyMap<string, FoundNote>) {
    this.#found = found;
  }

  /** A root as it is to be shown. What a damaged note said is not known: it may have been a pin, so it counts as one. */
  of(root: SnapshotRoot): NotedRoot {
    const found = this.#found.get(root.id.slice(0, 16));
    if (found === undefined) return root;
    if (found.note === undefined) return { ...root, pin: {} };
    return found.note.snapshot === root.id ? withNote(root, found.note) : root;
  }

  /** The number that a new note of a snapshot gets. */
  nextNumber(root: SnapshotRoot): number {
    return (this.#found.get(root.id.slice(0, 16))?.number ?? 0) + 1;
  }
}

/** Read the newest note of each snapshot that has any; of several the highest number counts. */
export async function readNotes(files: StoreFiles, logger: Logger): Promise<Notes> {
  const newest = new Map<string, number>();
  for (const name of await files.list(notesFolder)) {
    const [, id = "", digits = ""] = /^([0-9a-f]{16})\.([1-9]\d{0,8})\.json$/.exec(name) ?? [];
    if (id !== "") newest.set(id, Math.max(Number(digits), newest.get(id) ?? 0));
  }
  const found = new Map<string, FoundNote>();
  await forEachLimited([...newest], { parallel: readsAtOnce }, async ([id, number]) => {
    found.set(id, { number, note: await readNote(files, noteName(id, number), logger) });
  });
  return new Notes(found);
}

async function readNote(
  files: StoreFiles,
  name: string,
  logger: Logger,
): Promise<SnapshotNote | undefined> {
  try {
    const bytes = await files.get(name, noteBytesMax);
    return bytes === undefined ? undefined : decodeNote(textFromBytes(bytes, name), name);
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    logger.error("a note of a snapshot is damaged", { name, reason: error.message });
    return undefined;
  }
}

/** Write what is said of a snapshot from now on; the root is not touched. The writer's lock is held. */
export async function writeNote(
  { files, logger, clock }: { files: StoreFiles; logger: Logger; clock: Clock },
  root: SnapshotRoot,
  change: NoteChange,
): Promise<NotedRoot> {
  const notes = await readNotes(files, logger);
  const note = changedNote(notes.of(root), change, isoSeconds(clock.now()));
  await files.makeFolders([notesFolder]);
  const name = noteName(root.id.slice(0, 16), notes.nextNumber(root));
  const isNew = await files.create(name, Buffer.from(encodeNote(note)));
  assert(isNew, "only the holder of the lock writes notes");
  return withNote(root, note);
}

function noteName(id: string, number: number): string {
  return `${notesFolder}/${id}.${number}.json`;
}
