import type { LeftPath } from "../core/plan/sync-report.ts";
import type { LocalStat } from "../core/tree/local-stat.ts";
import type { ContentHash, NodeId } from "../core/tree/node.ts";
import type { IndexStore } from "../ports.ts";
import { throwIfAborted } from "../std/error.ts";
import type { Work } from "../std/events.ts";
import { forEachLimited } from "../std/limiter.ts";
import type { EngineDeps } from "./engine-deps.ts";
import type { Pairing } from "./pairing.ts";
import { isTroubleWithOne } from "./trouble.ts";
import type { Seen } from "./scan.ts";

/** Files that are hashed at once. */
const hashParallelMax = 4;

/** What a file held at one stable moment. */
export type Content = {
  readonly stat: LocalStat;
  readonly hash: ContentHash;
  readonly trusted: boolean;
};

/** What the files of a scan held. */
export type Contents = {
  /** By position in the scan. */
  readonly of: ReadonlyMap<number, Content>;
  /** Files that could not be read, by position: unknown in this cycle (S25, S29). */
  readonly unread: ReadonlyMap<number, LeftPath>;
};

/**
 * The content of every file of a scan: remembered where the stat proves it, read otherwise (S18, S24). One bad file never
 * stops the others (P9).
 */
export async function readContents(
  deps: EngineDeps,
  { seen, nodes }: { readonly seen: readonly Seen[]; readonly nodes: Pairing },
  work: Work,
): Promise<Contents> {
  const of = new Map<number, Content>();
  const unread = new Map<number, LeftPath>();
  const unproven: number[] = [];
  for (const [position, { kind, stat }] of seen.entries()) {
    if (kind === "folder") continue;
    const known = remembered(deps.index, nodes[position], stat);
    if (known === undefined) unproven.push(position);
    else of.set(position, known);
  }
  const progress = hashProgress(
    unproven.map((position) => seen[position]),
    work,
  );
  const options = { parallel: hashParallelMax, signal: work.signal };
  await forEachLimited(unproven, options, async (position) => {
    const sighting = seen[position];
    if (sighting === undefined) return;
    const content = await readContent(deps, sighting, work);
    if ("hash" in content) of.set(position, content);
    else unread.set(position, content);
    progress(sighting);
  });
  return { of, unread };
}

/** A hash that was taken of this very state, long enough after its time stamps (S24). */
function remembered(
  index: IndexStore,
  node: NodeId | undefined,
  stat: LocalStat,
): Content | undefined {
  if (node === undefined) return undefined;
  const rows = [index.local.get(node), index.synced.get(node)];
  const proof = rows.find(
    (row) => row?.trusted === true && row.stamp === stat.stamp && row.fileId === stat.fileId,
  );
  return proof?.hash === undefined ? undefined : { stat, hash: proof.hash, trusted: true };
}

async function readContent(
  { local }: EngineDeps,
  { path, stat }: Seen,
  work: Work,
): Promise<Content | LeftPath> {
  try {
    const read = await local.hash(path, { ...(work.signal && { signal: work.signal }) });
    if (read.stat.fileId === stat.fileId) return read;
    return { path, kind: "unknown", reason: "was replaced while it was looked at" };
  } catch (error) {
    throwIfAborted(work.signal);
    if (!isTroubleWithOne(error)) throw error;
    const { message, hint } = error;
    return { path, kind: "unknown", reason: message, ...(hint !== undefined && { hint }) };
  }
}

function hashProgress(files: readonly (Seen | undefined)[], work: Work): (done: Seen) => void {
  const bytesTotal = files.reduce((sum, file) => sum + (file?.stat.size ?? 0), 0);
  let done = 0;
  let bytes = 0;
  return ({ path, stat }) => {
    done += 1;
    bytes += stat.size;
    work.onProgress?.({
      step: "hash",
      done,
      total: files.length,
      bytes,
      bytesTotal,
      current: path,
    });
  };
}
