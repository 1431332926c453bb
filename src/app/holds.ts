import { folderOfHeld, guardOfHold, holdWords } from "../core/plan/hold-words.ts";
import type { LeftPath } from "../core/plan/sync-report.ts";
import type { SnapshotRoot } from "../core/snapshot/root.ts";
import type { HoldRow } from "../core/tree/index-rows.ts";
import type { OpenIndex } from "../state/database.ts";
import { untoldLoss, type IndexLoss } from "../state/index-loss.ts";
import { SnapError } from "../std/error.ts";
import type { Work } from "../std/events.ts";
import type { Environment } from "./environment.ts";
import { requireLink } from "./find-workspace.ts";
import { parseLeft } from "./last-left.ts";
import { lookAtIndexOf } from "./look-index.ts";
import { openWorkspace } from "./open-workspace.ts";
import { saveBefore, stakesOfHeld } from "./save-before.ts";

/** A set of changes that a mass guard holds (S80), in words. */
export type HeldSet = HoldRow & {
  /** As the end of a sentence. */
  readonly does: string;
  /** The deepest folder that holds all of it; "/" for the top. */
  readonly folder: string;
};

/** Everything in a workspace that waits for the user. */
export type Held = {
  /** Oldest first. */
  readonly sets: readonly HeldSet[];
  /** Repositories and the like, as the last sync found them: no digest releases these. */
  readonly others: readonly LeftPath[];
  /** What became of the index, where no sync has told it yet: what waited before is forgotten (S77). */
  readonly indexLoss: IndexLoss | undefined;
};

/**
 * What waits for the user in the workspace around a place. Asks no server, changes nothing, and waits for no other process.
 *
 * @throws {SnapError} `workspace-missing` where nothing is linked, `damaged` where the index is missing or damaged
 */
export function listHolds(environment: Environment, place: string): Held {
  const record = requireLink(environment, place);
  using state = lookAtIndexOf(environment, record);
  return state === undefined ? { sets: [], others: [], indexLoss: undefined } : heldIn(state);
}

/** What waits for the user by an open index. */
export function heldIn({ holds, index }: Pick<OpenIndex, "holds" | "index">): Held {
  const left = parseLeft(index.meta("last_left"));
  return {
    sets: holds.holds().map(describe),
    others: left.filter(({ kind, digest }) => kind === "hold" && digest === undefined),
    indexLoss: untoldLoss(index),
  };
}

function describe(row: HoldRow): HeldSet {
  const does = holdWords(guardOfHold(row), row.items.length);
  return { ...row, does, folder: folderOfHeld(row.items) };
}

/** Which set is let pass. */
export type ConfirmRequest = {
  readonly place: string;
  /** As the user typed it. */
  readonly digest: string;
  readonly dryRun: boolean;
};

/** A set that may pass, and the snapshots that hold what it removes or replaces (N48). */
export type Confirmed = HeldSet & { readonly saved: readonly SnapshotRoot[] };

/**
 * Let a held set pass with the next sync: exactly this one, once (S80). Confirming it twice is confirming it.
 *
 * What it touches is saved first. @throws {SnapError} `refused` where no set has this digest, or that cannot be saved; `workspace-missing`, `busy`
 */
export async function confirmHold(
  environment: Environment,
  { place, digest, dryRun }: ConfirmRequest,
  work: Work = {},
): Promise<Confirmed> {
  const record = requireLink(environment, place);
  await using workspace = await openWorkspace(environment, record, "confirm");
  const { holds } = workspace.state;
  const held = heldIn(workspace.state);
  const found = held.sets.find((set) => set.digest === digest.toLowerCase());
  if (found === undefined && held.indexLoss !== undefined) throw forgotten(digest);
  if (found === undefined) throw unknownDigest(digest, held);
  if (dryRun || found.state === "confirmed") return { ...found, saved: [] };
  const { kind, items, madeAt } = found;
  const label = `before confirm ${found.digest}`;
  const stakes = { ...stakesOfHeld(items), reason: "before-confirm", label } as const;
  const saved = await saveBefore(workspace, stakes, work);
  holds.putHold({ digest: found.digest, kind, items, madeAt, state: "confirmed" });
  return { ...found, saved };
}

/** What waited is forgotten with the index that knew it (S77). */
function forgotten(digest: string): SnapError {
  const message = `Nothing is held under "${digest}": the index was lost, and another one took its place`;
  return new SnapError("refused", message, {
    hint: "Run `snap sync` first: it looks at both sides, and tells anew what waits for you.",
  });
}

function unknownDigest(digest: string, { sets, others }: Held): SnapError {
  const open = sets.map((set) => `${set.digest} (${set.does})`);
  const now =
    open.length === 0
      ? "No set of changes is held now."
      : `Held now: ${open.join(", ")}. A set that changed has another digest: look at it with \`snap hold list\`.`;
  const repositories = others.map(({ path, reason }) => `"${path}" ${reason}`);
  const never =
    repositories.length === 0
      ? ""
      : ` Not released by any digest: ${repositories.join(", ")}. ${othersHint}`;
  return new SnapError("refused", `Nothing is held under "${digest}"`, { hint: now + never });
}

/** What ends the hold of a repository (G44, G46). */
export const othersHint: string =
  "Such a hold ends by itself when the repository is gone or a rule in .mignore covers it; `snap guard override` records that it is to be synced all the same, and a link with `--repos exclude` leaves its history out.";

/** What the status shows of the mass guards: sets by what the index holds now, in place of what the last sync told. */
export function leftWithHolds(left: readonly LeftPath[], sets: readonly HeldSet[]): LeftPath[] {
  const open = sets.filter(({ state }) => state === "open");
  const told = new Map(left.map((item) => [item.digest, item]));
  return [
    ...open.map((set) => told.get(set.digest) ?? leftOf(set)),
    ...left.filter(({ digest }) => digest === undefined),
  ];
}

function leftOf({ digest, folder, does }: HeldSet): LeftPath {
  const hint = `\`snap hold list\` shows what; \`snap confirm ${digest}\` lets exactly this pass`;
  return { path: folder, kind: "hold", reason: does, hint, digest };
}

/** What the status says of sets that were confirmed and have not run yet. */
export function confirmedNotes(sets: readonly HeldSet[]): readonly string[] {
  return sets
    .filter(({ state }) => state === "confirmed")
    .map(({ digest, does }) => `Confirmed ${digest}: \`snap sync\` ${does}`);
}
