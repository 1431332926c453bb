import { mkdirSync, rmSync } from "node:fs";
import path from "node:path";
import { parseRelPath, type RelPath } from "../core/path/rel-path.ts";
import { unitFolder } from "../core/repo/unit.ts";
import { isAtOrBelow } from "../core/snapshot/restore-wanted.ts";
import type { SnapshotEntry } from "../core/snapshot/entry.ts";
import type { VerifyEvent } from "../core/snapshot/store-request.ts";
import type { SnapshotRoot } from "../core/snapshot/root.ts";
import type { StageUnits } from "../restore/restore-deps.ts";
import type { OpenedStore } from "../snapshot/store.ts";
import { present } from "../std/assert.ts";
import { SnapError } from "../std/error.ts";
import type { Work } from "../std/events.ts";
import { flushTree } from "../guard/durable.ts";
import { checkCopiedUnits } from "./copied-units.ts";
import { keepPresentCommits } from "./keep-present-commits.ts";
import { storedUnit } from "./unit-files.ts";
import type { OpenWorkspace } from "./open-workspace.ts";

/** The folder below a staging area in which repositories wait, each at its own path. */
export const stagedUnits: RelPath = parseRelPath("repositories");

type Parts = { readonly workspace: OpenWorkspace; readonly store: OpenedStore };

/**
 * Write the repositories of a snapshot below the staging area of a restore, and see that they are whole (T38).
 *
 * @throws {SnapError} `damaged`; `refused` where commits of the present ones cannot be kept (T39)
 */
export async function stageUnits(parts: Parts, request: StageUnits, work: Work): Promise<void> {
  const { workspace, store } = parts;
  const { restore, snapshot } = request;
  const steps = request.steps.filter(
    ({ action, source }) => action !== "delete" && source === undefined,
  );
  if (steps.length === 0) return;
  const root = rootOf(await store.list(), snapshot);
  const to = path.join(workspace.local.top, ".snap/staging", restore, stagedUnits);
  rmSync(to, { recursive: true, force: true });
  mkdirSync(path.dirname(to), { recursive: true, mode: 0o700 });
  const folders = new Set(steps.map((step) => step.path));
  const left: SnapError[] = [];
  const selects = (text: string): boolean => isAtOrBelow(parseRelPath(text), folders);
  const onLeft = (one: { readonly path: string; readonly reason: string }): void => {
    left.push(incomplete(one.path, one.reason));
  };
  const owners = workspace.environment.isRoot;
  await store.copyOut({ root, to, selects, owners, onLeft }, work);
  const [first] = left;
  if (first !== undefined) throw first;
  await requireWhole(parts, { to, root, folders }, work);
  for (const step of steps) {
    const staged = path.join(to, step.path);
    await keepPresentCommits(workspace, { step, staged, request }, work);
  }
  // A copy is not flushed by itself (T15); what takes the place of a repository has to outlive a loss of power.
  await flushTree(to, work.signal);
}

/** Entries whose blocks are read at once. */
const readAtOnce = 4_096;

/** Read, decode and hash what would be staged (T33). @throws {SnapError} `damaged` */
export async function requireSound(
  store: OpenedStore,
  { snapshot, steps }: Pick<StageUnits, "snapshot" | "steps">,
  work: Work,
): Promise<void> {
  const root = rootOf(await store.list(), snapshot);
  for (const { path: place, action, source } of steps) {
    if (action === "delete" || source !== undefined) continue;
    const entries = await Array.fromAsync(storedUnit(store, root, place).entries(place));
    for (let start = 0; start < entries.length; start += readAtOnce) {
      const lap = entries.slice(start, start + readAtOnce);
      const damage = await damageIn(store, lap, work);
      if (damage !== undefined) throw incomplete(damage.paths[0] ?? place, damage.reason);
    }
  }
}

type Damage = Extract<VerifyEvent, { readonly type: "damaged" }>;

async function damageIn(
  store: OpenedStore,
  entries: readonly SnapshotEntry[],
  work: Work,
): Promise<Damage | undefined> {
  for await (const event of store.verify({ entries, level: 2, ...work })) {
    if (event.type === "damaged") return event;
  }
  return undefined;
}

function rootOf(roots: readonly SnapshotRoot[], snapshot: string): SnapshotRoot {
  return present(
    roots.find(({ id }) => id === snapshot),
    "the snapshot of a restore",
  );
}

function incomplete(place: string, reason: string): SnapError {
  return new SnapError(
    "damaged",
    `Nothing was changed: of a repository "${place}" cannot be had: ${reason}`,
    {
      path: place,
      hint: "snap repair looks for what is missing; naming PATHs restores the rest.",
    },
  );
}

/** @throws {SnapError} `damaged` for one that is torn (T38) */
async function requireWhole(
  { workspace }: Parts,
  given: {
    readonly to: string;
    readonly root: SnapshotRoot;
    readonly folders: ReadonlySet<RelPath>;
  },
  work: Work,
): Promise<void> {
  const { to, root, folders } = given;
  const units = (root.git ?? []).filter(({ id }) => folders.has(unitFolder(id)));
  const checked = await checkCopiedUnits(workspace.environment, { to, units }, work);
  const torn = checked.find(({ word }) => word === "torn");
  if (torn !== undefined) throw incomplete(torn.id, torn.reasons.join("; "));
}
