import type { PlanItem } from "../core/snapshot/restore-item.ts";
import { isUnfinished } from "../core/snapshot/restore-state.ts";
import type { ContentSource } from "../core/snapshot/restore-wanted.ts";
import type { RelPath } from "../core/path/rel-path.ts";
import { parentPath } from "../core/path/rel-path.ts";
import { SnapError } from "../std/error.ts";
import type { Work } from "../std/events.ts";
import { checkRules } from "./check-rules.ts";
import type { Draft } from "./draft.ts";
import type { RestoreDeps } from "./restore-deps.ts";
import { soundSources } from "./sources.ts";

/** Where the content of each path that is placed will be taken from. */
export type ChosenSources = ReadonlyMap<RelPath, ContentSource>;

/**
 * Check that a restore can be carried out, before anything changes (T33).
 *
 * @throws {SnapError} `workspace-missing`, `damaged`, `refused` for rules, room and permissions
 */
export async function preflight(
  deps: RestoreDeps,
  draft: Draft,
  work: Work,
): Promise<ChosenSources> {
  await checkWorkspace(deps);
  const chosen = await soundSources(deps, placedItems(draft), work);
  deps.onEvent({ type: "preflight", check: "blocks", items: chosen.size });
  await checkRules(deps, { items: draft.plan.items, chosen }, work);
  await checkSpace(deps, placedItems(draft), chosen);
  checkWritable(draft);
  deps.onEvent({ type: "preflight", check: "write", items: draft.plan.items.length });
  return chosen;
}

/** Paths of which the disk gets a file or link. */
export function placedItems({ plan }: Draft): readonly PlanItem[] {
  return plan.items.filter(({ want, local }) => {
    const placed = local.action === "create" || local.action === "replace";
    return placed && want !== undefined && want.kind !== "folder";
  });
}

/** @throws {SnapError} `refused` while another restore of this workspace is not finished */
export function refuseUnfinished({ journal }: RestoreDeps): void {
  const unfinished = journal.restores().find(isUnfinished);
  if (unfinished === undefined) return;
  throw new SnapError("refused", `Restore ${unfinished.id} is not finished yet`, {
    hint: "Run snap sync: it goes on by itself. Then run the same command again.",
  });
}

async function checkWorkspace({ local, workspace, index }: RestoreDeps): Promise<void> {
  const marker = await local.readMarker();
  if (marker === undefined && index.meta("link") === undefined) return;
  if (marker?.workspace === workspace) return;
  throw new SnapError("workspace-missing", `"${local.top}" is not the workspace it was`, {
    path: local.top,
    hint: "Look whether the right disk is mounted there.",
  });
}

/** Room for the disk to keep after the staged files (T33). */
const reserveBytes = 32n * 1024n * 1024n;

async function checkSpace(
  deps: RestoreDeps,
  items: readonly PlanItem[],
  chosen: ChosenSources,
): Promise<void> {
  // What an earlier restore displaced only changes its name.
  const written = items.filter(({ path }) => chosen.get(path)?.from !== "area");
  const bytes = written.reduce((sum, { want }) => sum + (want?.kind === "file" ? want.size : 0), 0);
  const needed = bytes === 0 ? 0n : BigInt(Math.ceil(bytes * 1.05)) + reserveBytes;
  const free = await deps.local.freeBytes();
  deps.onEvent({ type: "preflight", check: "space", items: written.length });
  if (free >= needed) return;
  throw new SnapError("refused", `The restore needs ${needed - free} more bytes on the disk`, {
    path: deps.local.top,
    hint: "Make room, then run the same command again. Nothing was changed.",
  });
}

/** A folder that nobody may write to would stop the restore half way. */
function checkWritable({ plan, sight }: Draft): void {
  for (const { path, local } of plan.items) {
    const moves =
      local.action !== "keep" && local.action !== "metadata" && local.action !== "aside";
    const parent = moves ? parentPath(path) : undefined;
    const folder = parent === undefined ? undefined : sight.local.items.get(parent);
    if (folder === undefined || folder.stat.kind !== "folder") continue;
    if ((folder.stat.mode & 0o222) !== 0) continue;
    throw new SnapError("refused", `The folder "${folder.path}" is write-protected`, {
      path: folder.path,
      hint: `Make it writable (chmod u+w), then run the same command again. Nothing was changed.`,
    });
  }
}
