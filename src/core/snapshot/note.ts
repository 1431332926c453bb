import { hash } from "node:crypto";
import { CheckedRecord, canonicalJson, damagedError } from "./checked-json.ts";
import type { SnapshotId, SnapshotRoot } from "./root.ts";

/** Keeps a snapshot from being forgotten: until a time (`2026-12-01T00:00:00Z`), or for ever where there is none. */
export type Pin = { readonly until?: string };

/** What is said of a snapshot after it was taken; it stands for label and tags of the root, which never changes (N25). */
export type SnapshotNote = {
  readonly snapshot: SnapshotId;
  /** When it was given. */
  readonly time: string;
  readonly label?: string;
  readonly tags: readonly string[];
  readonly pin?: Pin;
};

/** A root with what was said of it later. Its id is that of the root as it was taken. */
export type NotedRoot = SnapshotRoot & {
  readonly pin?: Pin;
  /** The label is not the one that it was captured with. */
  readonly isRelabelled?: true;
};

/** What a person changes of a note; what is absent stays, null takes away. */
export type NoteChange = {
  readonly label?: string | null;
  readonly addTags?: readonly string[];
  readonly removeTags?: readonly string[];
  readonly pin?: Pin | null;
};

/** The text of a note on disk: it checks itself. */
export function encodeNote(note: SnapshotNote): string {
  return canonicalJson({ ...note, sum: hash("sha256", canonicalJson(note), "hex") });
}

/** Read a note that may be damaged. @throws {SnapError} `damaged` */
export function decodeNote(text: string, what: string): SnapshotNote {
  const record = CheckedRecord.parse(text, what);
  // Notes of earlier versions have no sum.
  const sum = record.has("sum") ? record.hash("sum") : undefined;
  if (sum !== undefined && sum !== hash("sha256", record.canonicalWithout("sum"), "hex")) {
    throw damagedError(`${what} is damaged: it does not have the sum that it names`);
  }
  return {
    snapshot: record.hash("snapshot"),
    time: record.text("time"),
    ...(record.has("label") ? { label: record.text("label") } : {}),
    tags: record.texts("tags"),
    ...(record.has("pin") ? { pin: pinOf(record.record("pin"), what) } : {}),
  };
}

function pinOf(record: CheckedRecord, what: string): Pin {
  if (!record.has("until")) return {};
  const until = record.text("until");
  if (Number.isNaN(Date.parse(until))) throw damagedError(`${what} has no valid end of its pin`);
  return { until };
}

/** A root as the newest note says it is. */
export function withNote(root: SnapshotRoot, note: SnapshotNote): NotedRoot {
  const { label: own, tags: _tags, ...rest } = root;
  return {
    ...rest,
    ...(note.label === undefined ? {} : { label: note.label }),
    ...(note.label === own ? {} : { isRelabelled: true }),
    tags: note.tags,
    ...(note.pin === undefined ? {} : { pin: note.pin }),
  };
}

/** The note that a change of a snapshot gives. */
export function changedNote(root: NotedRoot, change: NoteChange, time: string): SnapshotNote {
  const label = change.label === undefined ? root.label : (change.label ?? undefined);
  const pin = change.pin === undefined ? root.pin : (change.pin ?? undefined);
  const removed = new Set(change.removeTags);
  const tags = new Set(
    [...root.tags, ...(change.addTags ?? [])].filter((tag) => !removed.has(tag)),
  );
  return {
    snapshot: root.id,
    time,
    ...(label === undefined ? {} : { label }),
    tags: [...tags],
    ...(pin === undefined ? {} : { pin }),
  };
}

/** Whether a snapshot may not be forgotten now. */
export function isPinned({ pin }: Pick<NotedRoot, "pin">, nowMs: number): boolean {
  return pin !== undefined && (pin.until === undefined || Date.parse(pin.until) > nowMs);
}
