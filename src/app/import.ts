import { createReadStream } from "node:fs";
import path from "node:path";
import type { CaptureFacts, LeftAside, SnapshotRoot } from "../core/snapshot/root.ts";
import { blockHashOf } from "../core/tree/content-hash.ts";
import { ArchiveSource } from "../snapshot/import.ts";
import type { OpenedStore } from "../snapshot/store.ts";
import type { WorkspaceRecord } from "../state/config.ts";
import { SnapError, systemCode } from "../std/error.ts";
import type { Work } from "../std/events.ts";
import { outOfRuns } from "../std/runs.ts";
import type { Environment } from "./environment.ts";
import { lookAt } from "./file-look.ts";
import { requireWorkspace } from "./find-workspace.ts";
import { checkLabel } from "./label.ts";
import { spoolsOf } from "./spools.ts";
import { openSnapshotStore } from "./store.ts";

/** What is imported, and what the snapshot is called. */
export type ImportRequest = {
  readonly place: string;
  /** A file, or the bytes themselves. */
  readonly from: string | AsyncIterable<Uint8Array>;
  readonly label?: string | undefined;
  readonly tags: readonly string[];
  /** The snapshot that an archive of changes goes on from, where it is not the one that the archive names. */
  readonly base?: string | undefined;
  readonly dryRun: boolean;
  /** How long to wait for another writer of the store, ms. */
  readonly wait?: number | undefined;
};

/** A snapshot, or with `dryRun` what one would hold. */
export type ImportOutcome =
  | {
      readonly preview: {
        readonly counts: SnapshotRoot["counts"];
        readonly left: readonly LeftAside[];
      };
    }
  | { readonly preview?: undefined; readonly root: SnapshotRoot };

/**
 * Read a tar archive into a snapshot of the workspace around a place; nothing is written to the workspace (N59).
 *
 * @throws {SnapError} `workspace-missing`; `path-missing`; `usage` for no archive; `damaged`, `too-large`; `snapshot-not-found` for what
 * an archive of changes goes on from; as `capture` of the store
 */
export async function importArchive(
  environment: Environment,
  request: ImportRequest,
  work: Work,
): Promise<ImportOutcome> {
  const { label, tags, from, dryRun } = request;
  if (label !== undefined) checkLabel(label);
  const record = requireWorkspace(environment, request.place);
  const store = await openSnapshotStore(environment, { wait: request.wait });
  using source = new ArchiveSource({
    ...work,
    bytes: typeof from === "string" ? await bytesOf(path.resolve(environment.cwd, from)) : from,
    facts: factsOf(environment, record),
    makeSpool: spoolsOf(environment, record),
    base: async (since) => store.entries((await baseOf(store, request.base, since)).id),
  });
  if (dryRun) return { preview: await weigh(source) };
  const named = label === undefined ? {} : { label };
  const options = { ...work, ...named, tags, reason: "import", force: true } as const;
  return { root: (await store.capture(source, options)).root };
}

function factsOf(environment: Environment, { id, path: top }: WorkspaceRecord): CaptureFacts {
  const { settings, host } = environment;
  const device = settings.read().device.name;
  return { workspace: { id, path: top, device, host }, side: "local", rules: "", sync: "clean" };
}

async function bytesOf(file: string): Promise<AsyncIterable<Uint8Array>> {
  const there = await lookAt(file);
  if (there === undefined || there.isDirectory()) {
    const what = there === undefined ? "There is no file" : "This is a folder:";
    throw new SnapError("path-missing", `${what} "${file}"`, { path: file });
  }
  return readingOf(file);
}

async function* readingOf(file: string): AsyncGenerator<Uint8Array> {
  try {
    yield* createReadStream(file, { highWaterMark: 1024 * 1024 });
  } catch (error) {
    const code = systemCode(error);
    if (error instanceof SnapError || code === undefined) throw error;
    throw new SnapError("disk-error", `"${file}" cannot be read: ${code}`, {
      path: file,
      cause: error,
    });
  }
}

/** An archive of changes is worth nothing without what it goes on from. */
async function baseOf(
  store: OpenedStore,
  named: string | undefined,
  since: string,
): Promise<SnapshotRoot> {
  if (named !== undefined) return await store.find(named);
  const [found] = (await store.list()).filter(({ id }) => id === since);
  if (found !== undefined) return found;
  throw new SnapError(
    "snapshot-not-found",
    `The archive holds only what changed since snapshot ${since.slice(0, 16)}, which is not in this store`,
    {
      path: since,
      hint: "Import that one first and name it: snap import FILE --base SNAPSHOT.",
    },
  );
}

async function weigh(
  source: ArchiveSource,
): Promise<{ counts: SnapshotRoot["counts"]; left: readonly LeftAside[] }> {
  for await (const { bytes, keep } of source.prepare()) keep(blockHashOf(bytes));
  const counts = { files: 0, folders: 0, others: 0, bytes: 0 };
  const left: LeftAside[] = [];
  for await (const { type, size = 0 } of outOfRuns(source.entries((one) => left.push(one)))) {
    if (type === "file") counts.files += 1;
    else if (type === "folder") counts.folders += 1;
    else counts.others += 1;
    counts.bytes += type === "file" ? size : 0;
  }
  return { counts, left };
}
