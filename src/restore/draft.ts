import {
  planRestore,
  withUnits,
  type PlannedUnits,
  type RestorePlan,
} from "../core/snapshot/restore-plan.ts";
import type { PlanItem, PlanSubject } from "../core/snapshot/restore-item.ts";
import type { Sight } from "../core/snapshot/restore-picture.ts";
import type { ServerSide } from "../core/snapshot/server-world.ts";
import type { Wanted } from "../core/snapshot/restore-wanted.ts";
import type { Work } from "../std/events.ts";
import { dressed } from "./attributes.ts";
import type { Looker } from "./look.ts";
import type { RestoreDeps } from "./restore-deps.ts";
import type { Passing } from "./passing.ts";
import { unignoredPaths } from "./unignored.ts";

/** What is asked for: a wanted tree, which may depend on what is there now, and where it comes from. */
export type Order = {
  readonly subject: PlanSubject;
  /** The restore that is taken back. */
  readonly undoes: string | undefined;
  readonly looker: Looker;
  /** What Dropbox may do itself (T24); all that it can where nothing is said. */
  readonly serverSide?: ServerSide;
  /** Dropbox is not asked: the disk is restored on what is known of it, and the rest follows later (T27). */
  readonly isOffline?: boolean;
  /** Nothing is changed while a program has a touched file open for writing (T33). */
  readonly requireQuiet?: boolean;
  /** What is done with repositories (T38); nothing if absent. @throws {SnapError} `damaged`, `refused`, `interrupted` */
  units?(items: readonly PlanItem[], work: Work): Promise<PlannedUnits>;
  /** Begin to find out what is wanted; anew for every look. */
  begin(): Wish;
};

/** What is wanted, as it becomes known. */
export type Wish = {
  /** What the look need not keep. */
  readonly passing?: Passing;
  /** @throws {SnapError} `refused` when what is there now forbids it */
  wanted(sight: Sight): Promise<Wanted>;
  /** Give back what is being read. */
  end?(): Promise<void>;
};

/** A plan with all that it was made from. */
export type Draft = {
  readonly plan: RestorePlan;
  readonly wanted: Wanted;
  readonly sight: Sight;
};

/** Make the plan from what both sides are now; the engine has just observed them. */
export async function draftOf(deps: RestoreDeps, order: Order, work: Work): Promise<Draft> {
  const wish = order.begin();
  try {
    const looked = await order.looker.look(work, wish.passing);
    const found = await wish.wanted(looked);
    const settled = wish.passing?.settled?.(found, looked.local);
    const given = { wanted: found, sight: settled === undefined ? looked : { ...looked, settled } };
    const { wanted: asked, sight } = await dressed(deps, given, work);
    const unignored = await unignoredPaths(deps, { wanted: asked, sight }, work);
    const wanted = { ...asked, aside: [...asked.aside, ...unignored] };
    const plan = planRestore(wanted, sight, order.subject);
    const units = await order.units?.(plan.items, work);
    return { plan: units === undefined ? plan : withUnits(plan, units), wanted, sight };
  } finally {
    await wish.end?.();
  }
}
