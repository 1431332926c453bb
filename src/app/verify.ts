import { topPath } from "../core/path/rel-path.ts";
import type { EntryChange } from "../core/snapshot/diff.ts";
import type { SnapshotEntry } from "../core/snapshot/entry.ts";
import type { SnapshotRoot } from "../core/snapshot/root.ts";
import type { SnapshotStore } from "../ports.ts";
import { SnapError } from "../std/error.ts";
import type { Work } from "../std/events.ts";
import { compareWith, type Comparison } from "./compare.ts";
import type { Environment } from "./environment.ts";
import { openSnapshotStore, snapshotFilter } from "./store.ts";

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
  if (root !== undefined && proof.damaged.length === 0) {
    for (const side of sidesOf(request.level)) {
      const present = { store, root, place: request.place, side };
      different.push(...(await differencesOf(environment, present, work)));
    }
  }
  return { ...proof, different };
}

/** The sides that a level looks at. */
function sidesOf(level: number): readonly Comparison["side"][] {
  if (level < 3) return [];
  return level === 3 ? ["local"] : ["local", "remote"];
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

type Present = Pick<Comparison, "store" | "root" | "place" | "side">;

/** Level 4 is about content: folders without a file say nothing there. */
async function differencesOf(
  environment: Environment,
  present: Present,
  work: Work,
): Promise<readonly Difference[]> {
  const found: Difference[] = [];
  const comparison = { ...present, under: topPath, doing: "verify" };
  for await (const change of compareWith(environment, comparison, work)) {
    const isTold = present.side === "local" || kindOf(change) === "file";
    if (change.change !== "metadata" && isTold) found.push(describe(change, present.side));
  }
  return found;
}

function kindOf(change: EntryChange): SnapshotEntry["type"] {
  return change.change === "removed" ? change.before.type : change.after.type;
}

function describe(change: EntryChange, compared: Comparison["side"]): Difference {
  const side = compared === "local" ? "workspace" : "cloud";
  switch (change.change) {
    case "added":
      return { side, path: change.after.path, reason: "is not in the snapshot" };
    case "removed":
      return { side, path: change.before.path, reason: "is missing" };
    case "changed":
    case "metadata":
      return { side, path: change.after.path, reason: "has other content" };
    case "moved":
      return { side, path: change.before.path, reason: `is now at "${change.after.path}"` };
  }
}
