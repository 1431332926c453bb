import { diffEntries, type EntryChange } from "../core/snapshot/diff.ts";
import { topPath } from "../core/path/rel-path.ts";
import type { SnapshotRoot } from "../core/snapshot/root.ts";
import type { SnapshotStore } from "../ports.ts";
import { SnapError } from "../std/error.ts";
import type { Work } from "../std/events.ts";
import { captureSource } from "./capture-source.ts";
import { connect } from "./accounts.ts";
import type { Environment } from "./environment.ts";
import { requireLink, requireWorkspace } from "./find-workspace.ts";
import { hashedEntries } from "./local-entries.ts";
import { openSnapshotStore, snapshotFilter } from "./store.ts";
import { openWorkspace } from "./open-workspace.ts";

/** What is to be proved: levels 0 to 4, each with those below it (N50). */
export type VerifyRequest = {
  readonly place: string;
  /** All snapshots of the store if absent; levels 3 and 4 need one. */
  readonly reference: string | undefined;
  readonly level: number;
};

/** Something in the store that is not as it should be, with the paths that need it. */
export type Damage = {
  readonly what: string;
  readonly name: string;
  readonly reason: string;
  readonly paths: readonly string[];
};

/** A path at which workspace or cloud is not what the snapshot holds. */
export type Difference = {
  readonly side: "workspace" | "cloud";
  readonly path: string;
  readonly reason: string;
};

/** What a verification found. */
export type VerifyReport = {
  readonly checked: number;
  readonly bytes: number;
  readonly damaged: readonly Damage[];
  readonly different: readonly Difference[];
};

/** @throws {SnapError} `snapshot-not-found`, `usage`; for levels 3 and 4 what opening the workspace or the account can throw */
export async function verifySnapshots(
  environment: Environment,
  request: VerifyRequest,
  work: Work,
): Promise<VerifyReport> {
  const store = await openSnapshotStore(environment);
  const root = await namedRoot(environment, store, request);
  const proof = await proveStore(store, { root, level: request.level }, work);
  const different: Difference[] = [];
  if (root !== undefined && request.level >= 3 && proof.damaged.length === 0) {
    different.push(
      ...(await compareWorkspace(environment, { store, root, place: request.place }, work)),
    );
  }
  if (root !== undefined && request.level >= 4 && proof.damaged.length === 0) {
    different.push(...(await compareCloud(environment, { store, root, place: request.place })));
  }
  return { ...proof, different };
}

async function namedRoot(
  environment: Environment,
  store: SnapshotStore,
  { place, reference, level }: VerifyRequest,
): Promise<SnapshotRoot | undefined> {
  if (reference !== undefined) {
    return store.find(reference, snapshotFilter(environment, { place, all: false }));
  }
  if (level < 3) return undefined;
  throw new SnapError("usage", "Levels 3 and 4 compare one snapshot: name it", {
    hint: "For example: snap verify latest --level 4",
  });
}

async function proveStore(
  store: SnapshotStore,
  { root, level }: { readonly root: SnapshotRoot | undefined; readonly level: number },
  work: Work,
): Promise<Omit<VerifyReport, "different">> {
  const damaged: Damage[] = [];
  let checked = 0;
  let bytes = 0;
  const named = root === undefined ? {} : { id: root.id };
  for await (const event of store.verify({ ...work, ...named, level: storeLevel(level) })) {
    if (event.type === "damaged") damaged.push(event);
    else {
      checked += 1;
      bytes += event.bytes;
    }
  }
  return { checked, bytes, damaged };
}

function storeLevel(level: number): 0 | 1 | 2 {
  if (level <= 0) return 0;
  return level === 1 ? 1 : 2;
}

type Comparison = {
  readonly store: SnapshotStore;
  readonly root: SnapshotRoot;
  readonly place: string;
};

async function compareWorkspace(
  environment: Environment,
  { store, root, place }: Comparison,
  work: Work,
): Promise<readonly Difference[]> {
  const record = requireWorkspace(environment, place);
  await using workspace = await openWorkspace(environment, record, "verify");
  const source = await captureSource(workspace, { side: "local" });
  const present = hashedEntries({ source, local: workspace.local }, work);
  const found: Difference[] = [];
  for await (const change of diffEntries(store.entries(root.id), present)) {
    if (change.change !== "metadata") found.push(describe(change));
  }
  return found;
}

function describe(change: EntryChange): Difference {
  switch (change.change) {
    case "added":
      return { side: "workspace", path: change.after.path, reason: "is not in the snapshot" };
    case "removed":
      return { side: "workspace", path: change.before.path, reason: "is missing" };
    case "changed":
    case "metadata":
      return { side: "workspace", path: change.after.path, reason: "has other content" };
    case "moved":
      return {
        side: "workspace",
        path: change.before.path,
        reason: `is now at "${change.after.path}"`,
      };
  }
}

/** By the server's listing: content hashes, no download. */
async function compareCloud(
  environment: Environment,
  { store, root, place }: Comparison,
): Promise<readonly Difference[]> {
  const record = requireLink(environment, place);
  await using connection = await connect(environment, record.account);
  const cloud = new Map<string, string>();
  for await (const item of connection.side(record.remote).list(topPath, { recursive: true })) {
    if (item.kind === "file" && !item.path.startsWith(".snap/"))
      cloud.set(item.path.normalize("NFC"), item.hash);
  }
  const found: Difference[] = [];
  for await (const entry of store.entries(root.id)) {
    if (entry.type !== "file") continue;
    const key = entry.path.normalize("NFC");
    const hash = cloud.get(key);
    cloud.delete(key);
    if (hash === undefined) found.push({ side: "cloud", path: entry.path, reason: "is missing" });
    else if (hash !== entry.hash)
      found.push({ side: "cloud", path: entry.path, reason: "has other content" });
  }
  const extra = [...cloud.keys()].map((path) => ({
    side: "cloud" as const,
    path,
    reason: "is not in the snapshot",
  }));
  return [...found, ...extra];
}
