import type { RelPath } from "../core/path/rel-path.ts";
import { rawPathOf, rawTargetOf } from "../core/snapshot/disk-path.ts";
import { isSameTime, type SnapshotEntry } from "../core/snapshot/entry.ts";
import type { SnapshotRoot } from "../core/snapshot/root.ts";
import { openLocalSide } from "../local/local-side.ts";
import type { LocalSide } from "../ports.ts";
import { isSnapError, SnapError, throwIfAborted } from "../std/error.ts";
import type { Work } from "../std/events.ts";
import { findAttributeTools } from "./attribute-tools.ts";
import { checkCopiedUnits, type CopiedUnit } from "./copied-units.ts";
import { openDrillFolder } from "./drill-folder.ts";
import { choose, type Chosen, type DrillSource } from "./drill-sample.ts";
import type { Environment } from "./environment.ts";

/** Room beside the files themselves that the disk must have, bytes. */
const roomMin = 64n * 1024n * 1024n;

/** Something that came back otherwise than the snapshot has it. */
export type DrillFault = { readonly path: string; readonly reason: string };

/** What a drill did. */
export type DrillReport = {
  readonly files: number;
  readonly bytes: number;
  /** What has no content in the store to restore: thin entries, and what could not be read at the capture. */
  readonly passed: number;
  readonly faults: readonly DrillFault[];
};

type Drill = { readonly local: LocalSide; readonly leftOut: ReadonlyMap<string, string> };

/**
 * The fire drill (N50, level 5): copy files of a snapshot, and all repositories, to a spare folder as `restore --to` does, and compare what is
 * then there with the snapshot: content by its hash, mode, time, links; extended attributes are read again when they are set. The folder is removed in every case.
 *
 * @throws {SnapError} `disk-full` before anything is written where it does not fit; `busy`; `interrupted`
 */
export async function fireDrill(
  environment: Environment,
  request: DrillSource,
  work: Work,
): Promise<DrillReport> {
  const { clock, rng } = environment;
  const { store, root } = request;
  const chosen = await choose(request, rng, work);
  await using folder = await openDrillFolder(environment);
  const local = openLocalSide({ top: folder.top, clock, rng });
  await requireRoom(local, chosen);
  const leftOut = new Map<string, string>();
  await store.copyOut(
    {
      root,
      to: folder.top,
      selects: chosen.selects,
      leaveDamaged: true,
      attributes: { tools: findAttributeTools(environment, folder.top) },
      onLeft: ({ path, reason }) => leftOut.set(path, reason),
    },
    work,
  );
  const faults = await compareAll({ local, leftOut }, chosen, work);
  const units = await checkCopiedUnits(
    environment,
    { to: folder.top, units: root.git ?? [] },
    work,
  );
  const { files, bytes, passed } = chosen;
  return {
    files,
    bytes,
    passed,
    faults: [...faults, ...units.flatMap((unit) => unitFaults(root, unit))],
  };
}

async function compareAll(
  drill: Drill,
  { entries, files, bytes }: Chosen,
  work: Work,
): Promise<readonly DrillFault[]> {
  const faults: DrillFault[] = [];
  let [done, compared] = [0, 0];
  for await (const entry of entries()) {
    throwIfAborted(work.signal);
    const step = { step: "compare", done, total: files, bytes: compared, bytesTotal: bytes };
    work.onProgress?.({ ...step, current: entry.path });
    faults.push(...(await compareEntry(drill, entry)));
    if (entry.type !== "folder") [done, compared] = [done + 1, compared + (entry.size ?? 0)];
  }
  return faults;
}

/** One that was torn when it was captured came back as it was. */
function unitFaults(root: SnapshotRoot, { id, word, reasons }: CopiedUnit): readonly DrillFault[] {
  const before = root.git?.find((unit) => unit.id === id)?.consistency;
  if (word !== "torn" || before === "torn") return [];
  return [{ path: id, reason: `is a repository that is torn: ${reasons.join("; ")}` }];
}

async function requireRoom(local: LocalSide, { bytes }: Chosen): Promise<void> {
  const free = await local.freeBytes();
  const needed = BigInt(bytes) + roomMin;
  if (free >= needed) return;
  throw new SnapError("disk-full", `The drill needs ${needed} bytes, and ${free} are free`, {
    path: local.top,
    hint: "Free some space, or take a sample instead of --all.",
  });
}

async function compareEntry(drill: Drill, entry: SnapshotEntry): Promise<readonly DrillFault[]> {
  const { path } = entry;
  const left = drill.leftOut.get(path);
  if (left !== undefined) return [{ path, reason: left }];
  try {
    const reasons = await faultsOf(drill, entry, rawPathOf(entry));
    return reasons.map((reason) => ({ path, reason }));
  } catch (error) {
    if (isSnapError(error, "interrupted", "disk-full") || !isSnapError(error)) throw error;
    return [{ path, reason: error.message }];
  }
}

/** What is otherwise than the entry says. */
async function faultsOf(
  { local }: Drill,
  entry: SnapshotEntry,
  path: RelPath,
): Promise<readonly string[]> {
  const stat = await local.stat(path);
  if (stat === undefined) return ["did not come back"];
  if (stat.kind !== entry.type) return [`came back as ${stat.kind}`];
  if (entry.type === "symlink")
    return stat.linkTarget === rawTargetOf(entry) ? [] : ["leads elsewhere"];
  const faults: string[] = [];
  const { mode, modifiedNs } = entry;
  if (mode !== undefined && (stat.mode & 0o777) !== (Number.parseInt(mode, 8) & 0o777))
    faults.push(`has the mode ${(stat.mode & 0o777).toString(8)} instead of ${mode}`);
  if (modifiedNs !== undefined && !isSameTime(modifiedNs, stat.modifiedNs))
    faults.push("has another time");
  if (entry.type === "folder") return faults;
  // A file that nobody may read is one all the same.
  if ((stat.mode & 0o400) === 0) await local.setMetadata(path, { mode: 0o600 });
  const { hash } = await local.hash(path);
  return hash === entry.hash ? faults : [...faults, "has other content"];
}
