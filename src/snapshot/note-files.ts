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

/** How often the notes are looked at again because one was gone: a newer one has taken its place. */
const looksMax = 5;

/** The newest note of a snapshot; `note` is undefined where it cannot be read. */
type FoundNote = {
  readonly name: string;
  readonly number: number;
  readonly note: SnapshotNote | undefined;
};

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

  /** Names of the newest notes that cannot be read, by snapshot: the first 16 digits of its id. */
  get damaged(): ReadonlyMap<string, string> {
    const found = [...this.#found].filter(([, { note }]) => note === undefined);
    return new Map(found.map(([id, { name }]) => [id, name]));
  }

  /** The number that a new note of a snapshot gets. */
  nextNumber(root: SnapshotRoot): number {
    return (this.#found.get(root.id.slice(0, 16))?.number ?? 0) + 1;
  }
}

/** Read the newest note of each snapshot that has any; of several the highest number counts. */
export async function readNotes(files: StoreFiles, logger: Logger): Promise<Notes> {
  for (let look = 1; ; look += 1) {
    const found = new Map<string, FoundNote>();
    let isAnyGone = false;
    await forEachLimited(
      [...(await newestNotes(files))],
      { parallel: readsAtOnce },
      async (one) => {
        const [id, number] = one;
        const name = noteName(id, number);
        const note = await readNote(files, name, logger);
        isAnyGone ||= note === "gone";
        found.set(id, { name, number, note: note === "gone" ? undefined : note });
      },
    );
    if (!isAnyGone || look >= looksMax) return new Notes(found);
  }
}

/** The highest number of a note by snapshot. */
async function newestNotes(files: StoreFiles): Promise<ReadonlyMap<string, number>> {
  const newest = new Map<string, number>();
  for (const { id, number } of await noteNames(files)) {
    newest.set(id, Math.max(number, newest.get(id) ?? 0));
  }
  return newest;
}

async function noteNames(
  files: StoreFiles,
): Promise<readonly { readonly id: string; readonly number: number }[]> {
  return (await files.list(notesFolder)).flatMap((name) => {
    const [, id = "", digits = ""] = /^([0-9a-f]{16})\.([1-9]\d{0,8})\.json$/.exec(name) ?? [];
    return id === "" ? [] : [{ id, number: Number(digits) }];
  });
}

/** Undefined where it cannot be read. */
async function readNote(
  files: StoreFiles,
  name: string,
  logger: Logger,
): Promise<SnapshotNote | "gone" | undefined> {
  try {
    const bytes = await files.get(name, noteBytesMax);
    return bytes === undefined ? "gone" : decodeNote(textFromBytes(bytes, name), name);
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    logger.error("a note of a snapshot is damaged", { name, reason: error.message });
    return undefined;
  }
}

/** Write what is said of a snapshot from now on; the root is not touched, earlier notes go. The writer's lock is held. */
export async function writeNote(
  { files, logger, clock }: { files: StoreFiles; logger: Logger; clock: Clock },
  root: SnapshotRoot,
  change: NoteChange,
): Promise<NotedRoot> {
  const notes = await readNotes(files, logger);
  const note = changedNote(notes.of(root), change, isoSeconds(clock.now()));
  await files.makeFolders([notesFolder]);
  const id = root.id.slice(0, 16);
  const name = noteName(id, notes.nextNumber(root));
  const isNew = await files.create(name, Buffer.from(encodeNote(note)));
  assert(isNew, "only the holder of the lock writes notes");
  // Told is only what is durable, and it is before the one that it replaces goes (N1).
  await files.flush(notesFolder);
  for (const old of await noteNames(files)) {
    const isOlder = old.id === id && old.number < notes.nextNumber(root);
    if (isOlder) await files.remove(noteName(old.id, old.number));
  }
  return withNote(root, note);
}

function noteName(id: string, number: number): string {
  return `${notesFolder}/${id}.${number}.json`;
}
