import { Exclusions } from "../core/exclusions.ts";
import type { RelPath } from "../core/path/rel-path.ts";
import type { PlanOptions } from "../core/snapshot/restore-item.ts";
import type { Sight } from "../core/snapshot/restore-picture.ts";
import type { RestorePlan } from "../core/snapshot/restore-plan.ts";
import type { RestoreReport } from "../core/snapshot/restore-report.ts";
import { withParents, type Wanted, type WantedNode } from "../core/snapshot/restore-wanted.ts";
import { SnapError } from "../std/error.ts";
import type { Work } from "../std/events.ts";
import type { Order } from "./draft.ts";
import { Looker } from "./look.ts";
import { preview, runOrder } from "./restore.ts";
import type { Consent, Outside, RestoreDeps } from "./restore-deps.ts";

/** Which side is wanted after somebody else put the disk back: `keep` the disk, `discard` it for the cloud (S119). */
export type RollbackChoice = "keep" | "discard";

/**
 * What a choice would do; nothing is changed. Undefined where nothing was rolled back.
 *
 * @throws {SnapError} what keeps the engine from observing
 */
export async function planRollbackOf(
  deps: RestoreDeps,
  choice: RollbackChoice,
  work: Work = {},
): Promise<RestorePlan | undefined> {
  if (!(await isOpen(deps, work))) return undefined;
  return (await preview(deps, await orderFor(deps, choice), work)).plan;
}

/**
 * Settle a rollback: a restore whose wanted tree is the present disk, or the present cloud (T48). Both are planned,
 * saved, fenced, verified and undoable as any other. Undefined where nothing was rolled back.
 *
 * @throws {SnapError} as `runOrder`, and `consent-needed` where only the user can tell what a folder is called now
 */
export async function settleRollback(
  deps: RestoreDeps,
  request: { readonly choice: RollbackChoice; readonly consent: Consent },
  work: Work = {},
): Promise<RestoreReport | undefined> {
  if (!(await isOpen(deps, work))) return undefined;
  if (request.choice === "keep" && request.consent.by === "yes") await refuseUnsure(deps);
  const order = await orderFor(deps, request.choice);
  return await runOrder(deps, order, { consent: request.consent, work });
}

async function isOpen({ engine, rollback }: RestoreDeps, work: Work): Promise<boolean> {
  if (engine === undefined || rollback === undefined) return false;
  await engine.observe(work);
  return await rollback.isRolledBack();
}

async function orderFor(deps: RestoreDeps, choice: RollbackChoice): Promise<Order> {
  const options: PlanOptions = { paths: [], delete: true, onUnsaved: "replace" };
  const wantedOf = choice === "keep" ? diskAsItIs : cloudAsItIs;
  const outside = await deps.scope();
  return {
    // The choice takes the place of a snapshot in the digest: a consent to one is none to the other.
    subject: { kind: "rollback", snapshot: choice, options, link: deps.link },
    undoes: undefined,
    looker: new Looker(deps, choice === "keep" ? await outsideKept(deps, outside) : outside),
    wanted: (sight) => Promise.resolve(wantedOf(sight)),
  };
}

/** What was excluded when the image of the disk was made is missing there, and was deleted by nobody (S119). */
async function outsideKept(deps: RestoreDeps, outside: Outside): Promise<Outside> {
  const folders = (await deps.rollback?.leftOutOfKeep()) ?? [];
  for (const { path, isThere } of folders) {
    const message = isThere
      ? `"${path}" stays as it is in Dropbox: it was excluded here when the disk was saved, or is to be`
      : `"${path}" was excluded here when the disk was saved, and Dropbox has no folder of that name now: if it has another name, the plan deletes it`;
    deps.onEvent({ type: "warning", message });
  }
  const leftOut = new Exclusions(folders.map(({ path }) => path));
  return (path, kind) => leftOut.above(path) !== undefined || outside(path, kind);
}

/** What was excluded and has another name in Dropbox now looks like what was deleted: nobody agrees to that unseen (S119). */
async function refuseUnsure({ rollback }: RestoreDeps): Promise<void> {
  const gone = (await rollback?.leftOutOfKeep())?.find(({ isThere }) => !isThere);
  if (gone === undefined) return;
  const { path } = gone;
  throw new SnapError(
    "consent-needed",
    `"${path}" was excluded here when the disk was saved, and Dropbox has no folder of that name now`,
    {
      path,
      hint: "If it has another name there, keeping this disk deletes it. `snap rollback keep --dry-run` shows the plan and its digest; `--plan DIGEST` agrees to it.",
    },
  );
}

/** Everything on the disk stays, everything else in Dropbox goes. */
function diskAsItIs({ local }: Sight): Wanted {
  const nodes = new Map<RelPath, WantedNode>();
  for (const { path, stat, hash } of local.items.values()) {
    if (stat.kind === "folder") nodes.set(path, { kind: "folder", implied: false });
    else if (stat.kind === "symlink")
      nodes.set(path, { kind: "symlink", linkTarget: stat.linkTarget ?? "" });
    else nodes.set(path, fileNode({ hash: hash ?? "", size: stat.size }, []));
  }
  return { nodes, aside: [], frozen: [], isRemoved: () => true };
}

/** Everything in Dropbox comes down, everything else on the disk goes; links are not synced and stay. */
function cloudAsItIs({ local, remote }: Sight): Wanted {
  const nodes = new Map<RelPath, WantedNode>();
  for (const { path, kind, hash, size, rev } of remote?.items.values() ?? []) {
    if (kind === "folder") nodes.set(path, { kind: "folder", implied: true });
    else nodes.set(path, fileNode({ hash, size }, [{ from: "revision", rev }]));
  }
  const links = [...local.items.values()].filter(({ stat }) => stat.kind === "symlink");
  const frozen = links.map(({ path }) => path).filter((path) => !nodes.has(path));
  return { nodes: withParents(nodes), aside: [], frozen, isRemoved: () => true };
}

function fileNode(
  content: { readonly hash: string; readonly size: number },
  sources: Extract<WantedNode, { kind: "file" }>["sources"],
): WantedNode {
  return { kind: "file", ...content, sources, changing: false };
}
