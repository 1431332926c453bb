import type { PutOp } from "../../core/plan/op.ts";
import { bytesOf } from "../../core/transfer/stretches.ts";
import type { UploadRow } from "../../core/tree/index-rows.ts";
import type { RelPath } from "../../core/path/rel-path.ts";
import { contentHashOf } from "../../core/tree/content-hash.ts";
import { smallBytesMax, type LocalStat } from "../../core/tree/local-stat.ts";
import type { RemoteItem, SmallUpload } from "../../core/tree/remote-item.ts";
import { isSnapError, type SnapError } from "../../std/error.ts";
import { forEachLimited } from "../../std/limiter.ts";
import { isAsSeen, outcomeOf, type Execution, type OpResult } from "./execution.ts";
import {
  commitSent,
  endUpload,
  isUnchanged,
  sessionToResume,
  timeOf,
  uploadOf,
  type Upload,
} from "./upload.ts";

/** How ops of a batch ended; what is not in it goes by itself. */
export type BatchResults = ReadonlyMap<PutOp, OpResult | SnapError>;

/** An upload with all of its bytes. */
type Loaded = Upload & { readonly stat: LocalStat; readonly bytes: Uint8Array };

/** Files that are read at once. */
const readersMax = 4;

/**
 * S58: small files go up together. Each is read whole, must be what was hashed, and is looked at once more before the server makes
 * a file of it; what does not come off is tried by itself, which tells why.
 */
export async function uploadTogether(
  execution: Execution,
  ops: readonly PutOp[],
): Promise<BatchResults> {
  const { deps, memory, work } = execution;
  const results = new Map<PutOp, OpResult | SnapError>();
  const uploads: Upload[] = [];
  for (const op of ops) {
    const upload = uploadOf(execution, op);
    if ("state" in upload) results.set(op, upload);
    else uploads.push(upload);
  }
  const bytes = uploads.reduce((sum, { row }) => sum + row.size, 0);
  using _memory = await memory.take(bytes, work.signal);
  const loaded = await load(execution, uploads, bytes);
  if (loaded.length === 0) return results;
  const requests = loaded.map((upload) => requestOf(execution, upload));
  const note = (sessions: ReadonlyMap<number, string>): void =>
    noteSessions(execution, loaded, sessions);
  const told = await deps.remote.uploadEach(requests, note, work);
  await Promise.all(
    loaded.map(async (upload, place) => {
      const item = told[place];
      if (item !== undefined) results.set(upload.op, await ended(execution, upload, item));
    }),
  );
  return results;
}

function ended(
  execution: Execution,
  upload: Upload,
  told: RemoteItem | SnapError,
): Promise<OpResult | SnapError> {
  return outcomeOf(() =>
    isSnapError(told) ? endUpload(execution, upload, told) : commitSent(execution, upload, told),
  );
}

/** Those that could be read and are what was hashed, as they lie in memory. */
async function load(
  execution: Execution,
  uploads: readonly Upload[],
  bytes: number,
): Promise<readonly Loaded[]> {
  const { local } = execution.deps;
  const memory = Buffer.allocUnsafeSlow(bytes);
  const small = uploads.filter(({ row }) => row.size <= smallBytesMax);
  const filled = small.reduce((sum, { row }) => sum + row.size, 0);
  const paths = small.map(({ from }) => from);
  const into = memory.subarray(0, filled);
  const read = await local.readEach({ paths, into }, execution.work);
  const loaded = small.flatMap((upload): Loaded[] => {
    const file = read.get(upload.from);
    return file === undefined ? [] : [{ ...upload, stat: file.stat, bytes: file.bytes }];
  });
  const rest = await loadLarger(execution, uploads, memory.subarray(filled));
  return [...loaded, ...rest]
    .filter(({ row, stat, bytes: content }) => {
      return isAsSeen(row, stat) && contentHashOf(content) === row.hash;
    })
    .toSorted((a, b) => a.bytes.byteOffset - b.bytes.byteOffset);
}

async function loadLarger(
  execution: Execution,
  uploads: readonly Upload[],
  memory: Buffer,
): Promise<readonly Loaded[]> {
  let filled = 0;
  const wanted = uploads.flatMap((upload) => {
    const { size } = upload.row;
    if (size <= smallBytesMax) return [];
    const into = memory.subarray(filled, filled + size);
    filled += size;
    return [{ upload, into }];
  });
  const loaded: Loaded[] = [];
  const { signal } = execution.work;
  await forEachLimited(wanted, { parallel: readersMax, signal }, async ({ upload, into }) => {
    const stat = await readInto(execution, upload.from, into);
    if (stat !== undefined) loaded.push({ ...upload, stat, bytes: into });
  });
  return loaded;
}

/** Undefined where the file is not so long, changes, or cannot be read. */
async function readInto(
  { deps: { local } }: Execution,
  path: RelPath,
  into: Buffer,
): Promise<LocalStat | undefined> {
  try {
    await using file = await local.open(path);
    for (let at = 0; at < into.length;) {
      const chunk = await file.read(at, into.length - at);
      if (chunk.length === 0) return undefined;
      into.set(chunk, at);
      at += chunk.length;
    }
    return (await file.unchanged()) ? file.stat : undefined;
  } catch (error) {
    if (isSnapError(error)) return undefined;
    throw error;
  }
}

function requestOf(execution: Execution, upload: Loaded): SmallUpload {
  const { row, berth, stat, bytes } = upload;
  const known = sessionToResume(execution.deps, row);
  return {
    path: berth.path,
    replaces: berth.replaces,
    hash: row.hash ?? "",
    modified: timeOf(stat),
    bytes,
    resume: known !== undefined && isFull(known, row.size) ? known.session : undefined,
    unchanged: async () =>
      (await isUnchanged(execution, upload)) && (await execution.mayGoUp(upload.op.node)),
  };
}

/** A session that was filled by one call was closed by it. */
function isFull({ kind, acknowledged }: UploadRow, size: number): boolean {
  return kind === "sequential" && bytesOf(acknowledged) === size;
}

/** After a restart the bytes need not go again (S57). */
function noteSessions(
  { deps: { index, clock } }: Execution,
  loaded: readonly Loaded[],
  sessions: ReadonlyMap<number, string>,
): void {
  const startedAt = clock.now();
  index.transaction(() => {
    for (const [place, session] of sessions) {
      const upload = loaded[place];
      if (upload === undefined) continue;
      const { node, stamp, size } = upload.row;
      const acknowledged = [{ from: 0, to: size }];
      index.putUpload({ node, session, kind: "sequential", acknowledged, stamp, startedAt });
    }
  });
}
