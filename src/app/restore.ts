import type { RestorePlan } from "../core/snapshot/restore-plan.ts";
import type { RestoreReport as Report } from "../core/snapshot/restore-report.ts";
import type { ServerSide } from "../core/snapshot/server-world.ts";
import type { RestoreRow } from "../core/snapshot/restore-state.ts";
import { abandon } from "../restore/abandon.ts";
import { resume } from "../restore/resume.ts";
import { planRestoreOf, restoreSnapshot } from "../restore/restore-snapshot.ts";
import { planUndoOf, undoRestore as undo } from "../restore/undo.ts";
import type { Consent, RestoreDeps, RestoreEvent as Event } from "../restore/restore-deps.ts";
import { lookAtIndex } from "../state/database.ts";
import { workspaceFiles } from "../state/locations.ts";
import { SnapError } from "../std/error.ts";
import type { Listener, Work } from "../std/events.ts";
import type { Environment } from "./environment.ts";
import { requireWorkspace } from "./find-workspace.ts";
import { recoverRestore, restoreDeps } from "./restore-world.ts";
import { snapshotPath } from "./snapshot-path.ts";
import { openAny } from "./workspace.ts";

/** How a person agrees to a plan: see `restore/restore-deps.ts`. */
export type RestoreConsent = Consent;

/** What a restore tells while it goes on. */
export type RestoreEvent = Event;

/** How a restore ended. */
export type RestoreReport = Report;

/** What every command with a plan is told. */
export type PlannedRequest = {
  readonly place: string;
  readonly consent: Consent;
  /** Show the plan only. */
  readonly dryRun: boolean;
  readonly onEvent: Listener<Event>;
};

/** What a person asks of `snap restore`. */
export type RestoreWords = PlannedRequest & {
  readonly reference: string;
  readonly paths: readonly string[];
  /** undefined: as the kind of restore says (T10). */
  readonly delete: boolean | undefined;
  readonly onUnsaved: "refuse" | "keep" | "replace";
  readonly specialModes?: boolean;
  readonly ignored?: boolean;
  readonly requireQuiet?: boolean;
  /** Dropbox is not asked (T27). */
  readonly offline?: boolean;
  /** Commits that only a present repository has may be lost (T39). */
  readonly dropCommits?: boolean;
  /** undefined: `reconcile`. */
  readonly procedure?: "documented" | undefined;
  /** undefined: all that Dropbox can do (T24). */
  readonly serverSide?: ServerSide | undefined;
};

/**
 * Bring workspace and cloud to the state of a snapshot. `planned` for a dry run.
 *
 * @throws {SnapError} as `restoreSnapshot`, and what opening the workspace can throw
 */
export async function restoreWorkspace(
  environment: Environment,
  words: RestoreWords,
  work: Work,
): Promise<Report | "planned"> {
  if (words.reference === "") {
    throw new SnapError("usage", "Name the snapshot to restore", {
      hint: "`snap list` shows them; `snap restore latest --dry-run` shows what the newest one would do.",
    });
  }
  const request = {
    snapshot: words.reference,
    paths: words.paths.map(snapshotPath),
    onUnsaved: words.onUnsaved,
    ...(words.specialModes === true ? { specialModes: true } : {}),
    ...(words.ignored === true ? { ignored: true } : {}),
    ...(words.requireQuiet === true ? { requireQuiet: true } : {}),
    ...(words.offline === true ? { isOffline: true } : {}),
    ...(words.serverSide === undefined ? {} : { serverSide: words.serverSide }),
    ...(words.dropCommits === true ? { dropCommits: true } : {}),
    ...(words.procedure === undefined ? {} : { procedure: words.procedure }),
    ...(words.delete === undefined ? {} : { delete: words.delete }),
  };
  return planned(
    environment,
    { words, what: "restore", work },
    {
      plan: (deps) => planRestoreOf(deps, request, work),
      run: (deps) => restoreSnapshot(deps, { ...request, consent: words.consent }, work),
    },
  );
}

/** What a person asks of `snap undo`. */
export type UndoWords = PlannedRequest & {
  readonly restore: string | undefined;
  readonly skipChanged: boolean;
};

/** Take a restore back. @throws {SnapError} as `undoRestore`, and what opening the workspace can throw */
export async function undoRestore(
  environment: Environment,
  words: UndoWords,
  work: Work,
): Promise<Report | "planned"> {
  const request = { restore: words.restore, skipChanged: words.skipChanged };
  return planned(
    environment,
    { words, what: "undo", work },
    {
      plan: (deps) => planUndoOf(deps, request, work),
      run: (deps) => undo(deps, { ...request, consent: words.consent }, work),
    },
  );
}

type Deed = {
  readonly plan: (deps: RestoreDeps) => Promise<RestorePlan>;
  readonly run: (deps: RestoreDeps) => Promise<Report>;
};

/** What was cut off is settled first; then the plan is shown, or carried out. */
async function planned(
  environment: Environment,
  {
    words,
    what,
    work,
  }: { readonly words: PlannedRequest; readonly what: string; readonly work: Work },
  deed: Deed,
): Promise<Report | "planned"> {
  const record = requireWorkspace(environment, words.place);
  await using workspace = await openAny(environment, record, what);
  await recoverRestore(workspace, work, words.onEvent);
  const deps = await restoreDeps(workspace, words.onEvent);
  if (!words.dryRun) return await deed.run(deps);
  await deed.plan(deps);
  return "planned";
}

/** Give up a restore that was cut off: it is settled, and taken back if it went forward (T30). @throws {SnapError} as `abandon` */
export async function abandonRestore(
  environment: Environment,
  request: { readonly place: string; readonly restore: string; readonly onEvent: Listener<Event> },
  work: Work,
): Promise<Report> {
  const record = requireWorkspace(environment, request.place);
  await using workspace = await openAny(environment, record, "restore --abandon");
  const deps = await restoreDeps(workspace, request.onEvent);
  return await abandon(deps, { restore: request.restore, consent: { by: "yes" } }, work);
}

/** Go on with a restore that was cut off while it staged (T30). @throws {SnapError} as `resume` */
export async function resumeRestore(
  environment: Environment,
  request: { readonly place: string; readonly restore: string; readonly onEvent: Listener<Event> },
  work: Work,
): Promise<Report> {
  const record = requireWorkspace(environment, request.place);
  await using workspace = await openAny(environment, record, "restore --resume");
  return await resume(await restoreDeps(workspace, request.onEvent), request.restore, work);
}

/** Every restore, undo and rollback of the workspace around a place, oldest first. */
export async function listRestores(
  environment: Environment,
  place: string,
): Promise<readonly RestoreRow[]> {
  const record = requireWorkspace(environment, place);
  using state = lookAtIndex(workspaceFiles(environment.locations, record.id).index);
  return state?.journal.restores() ?? [];
}
