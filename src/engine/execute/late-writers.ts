import type { ActOutcome, Area, PlaceAct } from "../../core/plan/local-act.ts";
import { recoveredName } from "../../core/path/names.ts";
import { pathKeyOf } from "../../core/path/path-key.ts";
import {
  baseName,
  joinPath,
  parentPath,
  parseRelPath,
  topPath,
  type RelPath,
} from "../../core/path/rel-path.ts";
import type { DisplacedRow, Intent } from "../../core/tree/index-rows.ts";
import { rootNode } from "../../core/tree/node.ts";
import { isoDate } from "../../std/time.ts";
import type { ActOp } from "./commit-act.ts";
import type { EngineDeps } from "../engine-deps.ts";
import { copyTag, newOpId, trashArea } from "./execution.ts";
import { intentOf, type LateEdit } from "./intents.ts";
import { isTroubleWithOne } from "../trouble.ts";

/** From when on a displaced file is looked at again, ms (S65). */
export const lateWriteMs = 60_000;

/** Rows of one look that are in memory at once. */
const rowsPerPage = 256;

/**
 * Remember what a download displaced, before the commit of its op. Only content that both sides had agreed on: Dropbox keeps
 * it as a revision. Anything else stays in the trash for its days. Called inside a transaction.
 */
export function noteDisplaced(
  { index, clock }: Pick<EngineDeps, "index" | "clock">,
  { node, kind }: ActOp,
  { displaced }: ActOutcome,
): void {
  const hash = index.synced.get(node)?.hash;
  if (kind !== "L.put" || displaced === undefined || hash === undefined) return;
  if (index.local.get(node)?.hash !== hash) return;
  const { place, stamp } = displaced;
  const row = { area: place.area.id, path: place.path, stamp, hash, since: clock.now() };
  index.displaced.put(row);
}

/**
 * Look again at what downloads displaced a minute ago or earlier (S65): a program that kept the old file open may have
 * written to it. What changed goes back among the user's files, under a name of its own; what rested until a later sync is
 * removed. Called before a look at the disk, which then finds the edit as a new file.
 *
 * @param beganAt start of this sync, ms since 1970
 */
export async function lookForLateEdits(deps: EngineDeps, beganAt: number): Promise<void> {
  const { displaced } = deps.index;
  let last: DisplacedRow | undefined;
  for (;;) {
    const rows = displaced.after(last, rowsPerPage);
    for (const row of rows) if (isDue(deps, row)) await lookAtOne(deps, row, beganAt);
    last = rows.at(-1);
    if (rows.length < rowsPerPage) return;
  }
}

/** By a clock that was set back nothing can be told, so it is looked at. */
function isDue({ clock }: EngineDeps, { since }: DisplacedRow): boolean {
  const age = clock.now() - since;
  return age >= lateWriteMs || age < 0;
}

async function lookAtOne(deps: EngineDeps, row: DisplacedRow, beganAt: number): Promise<void> {
  try {
    const isToGo = row.since < beganAt;
    switch (await stateOf(deps, row, isToGo)) {
      case "gone":
        return drop(deps, row);
      case "changed":
        return await bringBack(deps, row);
      case "same":
        if (isToGo) await remove(deps, row);
    }
  } catch (error) {
    // Somebody is writing to it right now, or it may not be read: it is looked at by the next sync.
    if (!isTroubleWithOne(error)) throw error;
    deps.logger.debug("a displaced file was not looked at", { reason: error.message });
  }
}

/** Areas of ours in the trash; nothing else is ever removed because of a row. */
const areaForm = /^\d{8}-[0-9a-f]+$/;

/**
 * `gone`: also where something else stands at its place in the trash, which is left alone. A stamp alone proves no change
 * (S18); nor that there was none, where somebody wrote right before it was displaced and set the mtime back. So what is to
 * go is read.
 */
async function stateOf(
  { local }: EngineDeps,
  row: DisplacedRow,
  isToGo: boolean,
): Promise<"gone" | "changed" | "same"> {
  if (!areaForm.test(row.area)) return "gone";
  const place = parseRelPath(`.snap/trash/${row.area}/${row.path}`);
  const stat = await local.stat(place);
  if (stat?.kind !== "file") return "gone";
  if (stat.stamp === row.stamp && !isToGo) return "same";
  return (await local.hash(place)).hash === row.hash ? "same" : "changed";
}

function drop({ index }: EngineDeps, row: DisplacedRow): void {
  index.transaction(() => index.displaced.remove(row));
}

/** Each download has an area of its own. */
async function remove(deps: EngineDeps, row: DisplacedRow): Promise<void> {
  await deps.local.removeArea(areaOf(row));
  drop(deps, row);
}

function areaOf({ area }: DisplacedRow): Area {
  return { kind: "trash", id: area };
}

async function bringBack(deps: EngineDeps, row: DisplacedRow): Promise<void> {
  const { index, local } = deps;
  const act: PlaceAct = {
    act: "place",
    source: { area: areaOf(row), path: row.path },
    path: await freePathBeside(deps, row.path),
    before: undefined,
    displaceTo: trashArea(deps),
    copy: copyTag(deps),
  };
  const detail: LateEdit = { step: "late", act, displaced: row };
  const intent = intentOf(newOpId(deps.rng), rootNode, detail);
  index.transaction(() => index.putIntent(intent));
  const outcome = await local.perform(act);
  commitLateEdit(deps, { intent, detail, outcome });
  if (outcome.state === "done") await local.removeArea(areaOf(row));
}

/** A late edit that is among the user's files is over, as if it had been written there. Also after a crash (S74). */
export function commitLateEdit(
  deps: EngineDeps,
  ended: { readonly intent: Intent; readonly detail: LateEdit; readonly outcome: ActOutcome },
): void {
  const { index, clock } = deps;
  const { intent, detail, outcome } = ended;
  index.transaction(() => {
    index.removeIntent(intent.op);
    if (outcome.state === "cancelled") return;
    index.displaced.remove(detail.displaced);
    const { act } = detail;
    index.log({
      at: clock.now(),
      cycle: Number(index.meta("generation") ?? 0),
      op: intent.op,
      kind: "L.put",
      path: act.act === "move" ? act.to : act.path,
      before: "",
      after: `unread ${outcome.stat?.size ?? 0}`,
      outcome: "done",
    });
  });
}

/** In its folder, or the nearest one above that is there. */
async function freePathBeside({ local, clock }: EngineDeps, path: RelPath): Promise<RelPath> {
  let folder = parentPath(path) ?? topPath;
  while (folder !== topPath && (await local.stat(folder))?.kind !== "folder") {
    folder = parentPath(folder) ?? topPath;
  }
  const { entries } = await local.list(folder);
  const keys = new Set(entries.map(({ name }) => pathKeyOf(name)));
  const taken = (name: string): boolean => keys.has(pathKeyOf(name));
  return joinPath(folder, recoveredName(baseName(path), { date: isoDate(clock.now()), taken }));
}
