import type { ActOutcome, LocalAct } from "../core/plan/local-act.ts";
import { displaceFolder, settleDisplacedFolder } from "./displace-folder.ts";
import { displaceLeaf, settleLeaf } from "./displace-leaf.ts";
import { move, settleMove } from "./move.ts";
import { placeOf, type Site } from "./parents.ts";
import { checkParents } from "./spot.ts";
import { place, settlePlace } from "./place.ts";

/**
 * Carry out an act. If it throws, the disk is in a state that `settleAct` knows, and nothing of the user's is lost.
 *
 * @throws {SnapError} `conflict` where the way to a path of the act leads through a link or another disk (X2).
 */
export async function performAct(site: Site, act: LocalAct): Promise<ActOutcome> {
  checkParents(site, placeOf(act.act === "move" ? act.from : act.path));
  if (act.act === "move") checkParents(site, placeOf(act.to));
  switch (act.act) {
    case "place":
      return await place(site, act);
    case "move":
      return await move(site, act);
    case "displace":
      return await (act.before.kind === "folder" ? displaceFolder : displaceLeaf)(site, act);
  }
}

/** Finish an act that was under way, or take it back; what it displaced is verified in either case (S74, S75). */
export async function settleAct(site: Site, act: LocalAct): Promise<ActOutcome> {
  switch (act.act) {
    case "place":
      return await settlePlace(site, act);
    case "move":
      return await settleMove(site, act);
    case "displace":
      return await (act.before.kind === "folder" ? settleDisplacedFolder : settleLeaf)(site, act);
  }
}
