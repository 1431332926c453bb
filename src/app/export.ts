import path from "node:path";
import { parseRelPath } from "../core/path/rel-path.ts";
import type { SnapshotEntry } from "../core/snapshot/entry.ts";
import type { ExportTotals } from "../core/snapshot/export-request.ts";
import type { SnapshotRoot } from "../core/snapshot/root.ts";
import type { SnapshotStore } from "../ports.ts";
import type { TarExport } from "../snapshot/export.ts";
import type { Work } from "../std/events.ts";
import { refuseTaken, writeBeside } from "./archive-file.ts";
import { formatOfName, packed, type ArchiveFormat } from "./archive-format.ts";
import type { Environment } from "./environment.ts";
import { noSuchPath, openSnapshot, type SnapshotRequest } from "./look.ts";
import { snapshotPath } from "./snapshot-path.ts";
import { snapshotFilter } from "./store.ts";

/** What is exported, and where to. */
export type ExportRequest = SnapshotRequest & {
  /** Only what changed since this snapshot. */
  readonly since?: string | undefined;
  /** Only these files and folders. */
  readonly paths?: readonly string[];
  /** A file, or where the bytes go. */
  readonly to: string | { readonly write: (bytes: Uint8Array) => Promise<void> };
  /** By the name of the file if absent, and plain tar for bytes. */
  readonly format?: ArchiveFormat | undefined;
  /** Replace a file that is there. */
  readonly force: boolean;
  readonly dryRun: boolean;
  readonly onLeft: (entry: SnapshotEntry) => void;
};

/** What was exported. */
export type ExportReport = ExportTotals & { readonly root: SnapshotRoot; readonly file?: string };

/**
 * Write a snapshot as an archive (N58). A file gets its name when it is whole.
 *
 * @throws {SnapError} `snapshot-not-found`, `path-missing`, `usage`, `refused` for a file that is there; `damaged`; `disk-full`
 */
export async function exportSnapshot(
  environment: Environment,
  request: ExportRequest,
  work: Work,
): Promise<ExportReport> {
  const { to, force, dryRun } = request;
  const file = typeof to === "string" ? path.resolve(environment.cwd, to) : undefined;
  const format = request.format ?? (file === undefined ? "tar" : formatOfName(file));
  const { root, archive } = await archiveOf(environment, request, work);
  if (file !== undefined) await refuseTaken({ file, force });
  const totals = await archive.totals();
  if (!dryRun) {
    const bytes = packed(archive.bytes(totals), format);
    if (typeof to !== "string") await writeAll(to, bytes);
    else if (file !== undefined) await writeBeside({ file, force, rng: environment.rng }, bytes);
  }
  return { ...totals, root, ...(file === undefined ? {} : { file }) };
}

async function archiveOf(
  environment: Environment,
  request: ExportRequest,
  work: Work,
): Promise<{ root: SnapshotRoot; archive: TarExport }> {
  const { onLeft, place, all = false } = request;
  const { store, root } = await openSnapshot(environment, request);
  const filter = snapshotFilter(environment, { place, all });
  const since = request.since === undefined ? [] : [await store.find(request.since, filter)];
  const paths = await pathsIn(store, [root, ...since], request.paths);
  const options = { ...work, onLeft, paths, since: since[0] };
  return { root, archive: await store.export(root.id, options) };
}

async function writeAll(
  to: { readonly write: (bytes: Uint8Array) => Promise<void> },
  bytes: AsyncIterable<Uint8Array>,
): Promise<void> {
  for await (const piece of bytes) await to.write(piece);
}

/** The named paths; one of them at least must be in one of the snapshots. Undefined for everything. */
async function pathsIn(
  store: SnapshotStore,
  roots: readonly SnapshotRoot[],
  named: readonly string[] = [],
): Promise<readonly string[] | undefined> {
  const paths = named.map((each) => parseRelPath(snapshotPath(each)));
  for (const each of paths) {
    const found = await Promise.all(
      roots.map(({ id }) => store.entries(id, each)[Symbol.asyncIterator]().next()),
    );
    if (found.every(({ done }) => done === true) && each !== "") throw noSuchPath(each);
  }
  return paths.length === 0 || paths.includes(parseRelPath("")) ? undefined : paths.toSorted();
}
