import { hash } from "node:crypto";
import { CheckedRecord, canonicalJson, textFromBytes } from "../core/snapshot/checked-json.ts";
import type { CaptureFacts } from "../core/snapshot/root.ts";
import type { CaptureOptions } from "../core/snapshot/store-request.ts";
import { isSnapError } from "../std/error.ts";
import type { StoreFiles } from "./store-files.ts";

/** N32: how long the blocks of a checkpoint are kept for a capture that goes on. */
const keptMs = 7 * 24 * 3_600_000;

const folder = "partial";
const format = 1;
const bytesMax = 16 * 1024 * 1024;

/** What a capture that is under way, or was cut off, has put in place so far: the beginning of a manifest. */
export type Checkpoint = {
  /** Of its file in `partial/`, without the ending; one capture has one name. */
  readonly id: string;
  readonly workspace: string;
  readonly side: CaptureFacts["side"];
  /** When it was written, ms since 1970. */
  readonly time: number;
  readonly entries: number;
  readonly lists: readonly string[];
};

/** Whose checkpoints are meant. */
export type CheckpointScope = Pick<Checkpoint, "workspace" | "side">;

/** The scope of a capture. One that hydrates a snapshot has its own: no other capture of the workspace ends it (N42). */
export function scopeOf(
  { workspace, side }: CaptureFacts,
  { hydrates }: Pick<CaptureOptions, "hydrates">,
): CheckpointScope {
  return { workspace: hydrates === undefined ? workspace.id : `hydrate ${hydrates.id}`, side };
}

/** Put a checkpoint in the place of the one before of the same capture. What its lists name is in place already. */
export async function putCheckpoint(files: StoreFiles, checkpoint: Checkpoint): Promise<void> {
  const { id, ...told } = checkpoint;
  const sealed = { ...told, format, sum: sumOf(canonicalJson({ ...told, format })) };
  await files.put(pathOf(id), Buffer.from(canonicalJson(sealed)));
}

/** Checkpoints that are no older than a week and whole, those with the most entries first; one that is damaged counts as none. */
export async function liveCheckpoints(
  files: StoreFiles,
  nowMs: number,
): Promise<readonly Checkpoint[]> {
  const found: Checkpoint[] = [];
  for (const id of await idsIn(files)) {
    const checkpoint = await readCheckpoint(files, id);
    if (checkpoint !== undefined && nowMs - checkpoint.time <= keptMs) found.push(checkpoint);
  }
  return found.toSorted((a, b) => b.entries - a.entries || b.time - a.time);
}

/** The lists of all live checkpoints: what they name, and all below it, is not pruned (N32). */
export async function checkpointLists(
  files: StoreFiles,
  nowMs: number,
): Promise<readonly string[]> {
  const live = await liveCheckpoints(files, nowMs);
  return [...new Set(live.flatMap(({ lists }) => lists))];
}

/**
 * A capture has come to its end: the checkpoints of its scope go, or of one that was limited to some paths its own alone, and whatever is
 * too old or damaged. The writer's lock is held.
 */
export async function removeCheckpoints(
  files: StoreFiles,
  done: CheckpointScope | Pick<Checkpoint, "id">,
  nowMs: number,
): Promise<void> {
  const isDone = (one: Checkpoint): boolean =>
    "id" in done ? one.id === done.id : isSameScope(one, done);
  const others = (await liveCheckpoints(files, nowMs)).filter((one) => !isDone(one));
  const kept = new Set(others.map(({ id }) => id));
  for (const id of await idsIn(files)) if (!kept.has(id)) await files.remove(pathOf(id));
}

/** Whether a checkpoint is one of a scope. */
export function isSameScope(a: CheckpointScope, b: CheckpointScope): boolean {
  return a.workspace === b.workspace && a.side === b.side;
}

function pathOf(id: string): string {
  return `${folder}/${id}.json`;
}

async function idsIn(files: StoreFiles): Promise<readonly string[]> {
  const names = await files.list(folder);
  return names.flatMap((name) => /^([0-9a-f]{32})\.json$/.exec(name)?.[1] ?? []);
}

async function readCheckpoint(files: StoreFiles, id: string): Promise<Checkpoint | undefined> {
  try {
    const bytes = await files.get(pathOf(id), bytesMax);
    return bytes === undefined ? undefined : decode(id, textFromBytes(bytes, pathOf(id)));
  } catch (error) {
    if (!isSnapError(error, "damaged")) throw error;
    return undefined;
  }
}

function decode(id: string, text: string): Checkpoint | undefined {
  const record = CheckedRecord.parse(text, pathOf(id));
  const isWhole = record.hash("sum") === sumOf(record.canonicalWithout("sum"));
  if (!isWhole || record.count("format") !== format) return undefined;
  return {
    id,
    workspace: record.text("workspace"),
    side: record.choice("side", ["local", "remote"]),
    time: record.count("time"),
    entries: record.count("entries"),
    lists: record.hashes("lists"),
  };
}

function sumOf(text: string): string {
  return hash("sha256", text, "hex");
}
