import {
  exitOfChecks,
  type Check,
  type CheckId,
  type Readiness,
} from "../core/snapshot/readiness.ts";
import { isUnfinished } from "../core/snapshot/restore-state.ts";
import { isSnapError, SnapError, throwIfAborted } from "../std/error.ts";
import type { Work } from "../std/events.ts";
import { Checks } from "./checks.ts";
import { draftOf, type Draft, type Order } from "./draft.ts";
import { withForecast } from "./forecast.ts";
import {
  checkWorkspace,
  preflightChecks,
  preflightOf,
  refuseUnfinished,
  type Preflight,
} from "./preflight.ts";
import { refuseRolledBack } from "./restore.ts";
import type { RestoreDeps } from "./restore-deps.ts";
import { orderOf, type RestoreRequest } from "./restore-snapshot.ts";

/** What is asked of a snapshot before it is restored. */
export type ReadinessRequest = RestoreRequest & {
  /** Time for reading blocks, ms. */
  readonly budgetMs?: number | undefined;
  /** Throws where another process keeps a restore from beginning. @throws {SnapError} `busy` */
  readonly daemon: () => Promise<void>;
  /** Told of every check as it ends. */
  readonly onCheck: (check: Check) => void;
  /** Told of everything that is damaged. */
  readonly onItem: (error: SnapError) => void;
};

/**
 * Whether a restore of a snapshot would go through: the checks that a restore itself runs (T33), one after the other, whatever the
 * others say. Nothing is changed on either side.
 *
 * @param deps over an index of their own, which is thrown away afterwards
 * @throws {SnapError} `snapshot-not-found`, `snapshot-ambiguous`, `path-missing`, `interrupted`
 */
export async function readinessOf(
  deps: RestoreDeps,
  request: ReadinessRequest,
  work: Work = {},
): Promise<Readiness> {
  const checks = new Checks(request.onCheck);
  await checks.run("daemon", () => request.daemon());
  const isThere = await checks.run("workspace", () => checkWorkspace(deps));
  if (isThere) await checkChoices(deps, checks, work);
  const drafted = isThere ? await draftFor(deps, request, { checks, work }) : undefined;
  const flight = drafted && flightOf(deps, drafted, { request, work });
  if (flight !== undefined) await runPreflight(flight, { checks, request });
  return conclusionOf(checks.all, flight);
}

/** Whether something waits for its end or for a choice, and what Dropbox is like now. */
async function checkChoices(deps: RestoreDeps, checks: Checks, work: Work): Promise<void> {
  const { engine, journal } = deps;
  const isAsked = engine !== undefined && !journal.restores().some(isUnfinished);
  const isReached =
    isAsked && (await checks.run("remote", async () => void (await engine.observe(work))));
  await checks.run("holds", async () => {
    refuseUnfinished(deps);
    if (isReached) await refuseRolledBack(deps);
  });
}

type Drafted = { readonly order: Order; readonly draft: Draft };

/** A plan by what is known; where even that is not possible, nothing that needs one is checked. */
async function draftFor(
  deps: RestoreDeps,
  request: ReadinessRequest,
  { checks, work }: { readonly checks: Checks; readonly work: Work },
): Promise<Drafted | undefined> {
  try {
    const order = await orderOf(deps, request);
    const made = await draftOf(deps, order, work);
    const draft = await withForecast(deps, { order, draft: made }, work);
    deps.onEvent({ type: "plan", plan: draft.plan, drifted: false });
    return { order, draft };
  } catch (error) {
    if (!isSnapError(error) || error.exit === 2 || error.exit === 130) throw error;
    // What the store cannot tell about the snapshot is damage; what the disk cannot tell is about the workspace.
    checks.fail(idOf(error), error);
    if (error.code === "damaged") request.onItem(error);
    return undefined;
  }
}

function idOf({ exit }: SnapError): CheckId {
  if (exit === 5) return "blocks";
  return exit === 7 ? "workspace" : "plan";
}

function flightOf(
  deps: RestoreDeps,
  drafted: Drafted,
  { request, work }: { readonly request: ReadinessRequest; readonly work: Work },
): Preflight {
  const { budgetMs } = request;
  const until = budgetMs === undefined ? {} : { until: deps.clock.now() + budgetMs };
  return preflightOf({ deps, ...drafted, work, ...until, isLook: true });
}

async function runPreflight(
  flight: Preflight,
  { checks, request }: { readonly checks: Checks; readonly request: ReadinessRequest },
): Promise<void> {
  for (const { id, run } of preflightChecks) {
    throwIfAborted(flight.work.signal);
    await checks.run(id, () => run(flight));
    if (id === "blocks") for (const error of flight.damaged) request.onItem(error);
  }
  checks.names(flight.draft.plan.left);
}

function conclusionOf(checks: readonly Check[], flight: Preflight | undefined): Readiness {
  const plan = flight?.draft.plan;
  const left = plan?.left ?? [];
  const complete = flight === undefined || flight.unread.size === 0;
  const exit = exitOfChecks({ checks, left, complete });
  const loses = plan?.loses ?? { localOnly: [], remoteNewer: [] };
  return { ready: exit === 0 || exit === 4, exit, complete, checks, left, plan, loses };
}
