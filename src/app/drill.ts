import { parentPath, parseRelPath, topPath, type RelPath } from "../core/path/rel-path.ts";
import { isSameTime, type SnapshotEntry } from "../core/snapshot/entry.ts";
import type { SnapshotRoot } from "../core/snapshot/root.ts";
import { openLocalSide } from "../local/local-side.ts";
import type { LocalSide } from "../ports.ts";
import { isSnapError, SnapError, throwIfAborted } from "../std/error.ts";
import type { Work } from "../std/events.ts";
import { above, choose, type Chosen, type DrillSource } from "./drill-sample.ts";
import { openDrillFolder } from "./drill-folder.ts";
import type { Environment } from "./environment.ts";
import { isoDate } from "../std/time.ts";

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

/** What was restored, for who looks at it as a whole; `top` of the side is the spare folder. */
export type Restored = { readonly local: LocalSide; readonly root: SnapshotRoot };

/** A check of what was restored beyond single files. */
export type DrillCheck = (restored: Restored, work: Work) => AsyncIterable<DrillFault>;

/** A snapshot to be restored for practice. */
export type DrillRequest = DrillSource & {
  readonly checks: readonly DrillCheck[];
};

type Drill = DrillRequest & {
  readonly local: LocalSide;
  readonly device: string;
  readonly day: string;
};

/**
 * The fire drill (N50, level 5): restore files of a snapshot into a spare folder by the same writer as a restore, and compare what is
 * then there with the snapshot: content by its hash, mode, time, links. The folder is removed in every case.
 *
 * @throws {SnapError} `disk-full` before anything is written where it does not fit; `busy`; `interrupted`
 */
export async function fireDrill(
  environment: Environment,
  request: DrillRequest,
  work: Work,
): Promise<DrillReport> {
  const { clock, rng, settings } = environment;
  const chosen = await choose(request, rng, work);
  await using folder = await openDrillFolder(environment);
  const local = openLocalSide({ top: folder.top, clock, rng });
  await requireRoom(local, chosen);
  const day = isoDate(clock.now());
  const drill: Drill = { ...request, local, device: settings.read().device.name, day };
  const faults: DrillFault[] = [];
  const { files, bytes, passed } = chosen;
  let [done, filled] = [0, 0];
  const folders: SnapshotEntry[] = [];
  for await (const entry of chosen.entries()) {
    throwIfAborted(work.signal);
    const step = { step: "drill", done, total: files, bytes: filled, bytesTotal: bytes };
    work.onProgress?.({ ...step, current: entry.path });
    if (entry.type === "folder") folders.push(entry);
    faults.push(...(await restoreEntry(drill, entry, work)));
    if (entry.type !== "folder") [done, filled] = [done + 1, filled + (entry.size ?? 0)];
  }
  // What is in a folder goes before its own time and mode, and the deepest folders first.
  for (const entry of folders.toReversed()) faults.push(...(await settleFolder(drill, entry)));
  for (const check of request.checks) {
    for await (const fault of check({ local, root: request.root }, work)) faults.push(fault);
  }
  return { files, bytes, passed, faults };
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

async function restoreEntry(
  drill: Drill,
  entry: SnapshotEntry,
  work: Work,
): Promise<readonly DrillFault[]> {
  const path = parseRelPath(entry.path);
  try {
    await makeFoldersFor(drill, entry.type === "folder" ? path : parentPath(path));
    if (entry.type === "folder") return [];
    await place(drill, { entry, path }, work);
    return (await faultsOf(drill, entry, path)).map((reason) => ({ path, reason }));
  } catch (error) {
    if (isSnapError(error, "interrupted", "disk-full") || !isSnapError(error)) throw error;
    return [{ path, reason: error.message }];
  }
}

/** A snapshot of some paths does not name the folders above them. */
async function makeFoldersFor({ local }: Drill, folder: RelPath | undefined): Promise<void> {
  if (folder === undefined || folder === topPath) return;
  for (const each of [folder, ...above(folder)].toReversed())
    await local.makeFolder(parseRelPath(each));
}

async function place(
  { local, store, device, day }: Drill,
  { entry, path }: { readonly entry: SnapshotEntry; readonly path: RelPath },
  work: Work,
): Promise<void> {
  const { hash = "", size = 0, mode, modifiedNs, linkTarget } = entry;
  const area = { kind: "staging", id: "drill" } as const;
  const source = { area, path: parseRelPath("one") };
  await local.stage(
    {
      to: source,
      content:
        linkTarget === undefined
          ? { bytes: store.open(entry), expect: { hash, size } }
          : { linkTarget },
      ...(mode === undefined ? {} : { mode: Number.parseInt(mode, 8) & 0o777 }),
      ...(modifiedNs === undefined ? {} : { modifiedNs }),
    },
    work,
  );
  const copy = { device, date: day };
  const act = { act: "place", source, path, before: undefined, displaceTo: area, copy } as const;
  const { state } = await local.perform(act);
  if (state === "done") return;
  throw new SnapError(
    "place-taken",
    `"${path}" cannot be put at its place: the disk takes two names for one`,
    {
      path,
      hint: "A disk that tells upper from lower case can hold both.",
    },
  );
}

async function settleFolder(drill: Drill, entry: SnapshotEntry): Promise<readonly DrillFault[]> {
  const { mode, modifiedNs } = entry;
  const path = parseRelPath(entry.path);
  try {
    await drill.local.setMetadata(path, {
      ...(mode === undefined ? {} : { mode: Number.parseInt(mode, 8) & 0o777 }),
      ...(modifiedNs === undefined ? {} : { modifiedNs }),
    });
    return (await faultsOf(drill, entry, path)).map((reason) => ({ path, reason }));
  } catch (error) {
    if (!(error instanceof SnapError)) throw error;
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
    return stat.linkTarget === entry.linkTarget ? [] : ["leads elsewhere"];
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
