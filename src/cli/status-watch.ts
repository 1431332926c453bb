import type { WorkspaceStatus } from "../app/live-status.ts";
import { daemonClient } from "../daemon/client.ts";
import { SnapError, type ExitCode } from "../std/error.ts";
import type { CliContext } from "./context.ts";
import { statusEvent, verdictOf } from "./status-text.ts";

/** Tell every change of a workspace's status until Ctrl-C: a line each, on a terminal always the same one. */
export async function watchStatus(context: CliContext, first: WorkspaceStatus): Promise<ExitCode> {
  const { output, environment, work } = context;
  const line = output.liveLine();
  let shown = "";
  let last = first;
  try {
    for await (const status of statuses(context, first.id)) {
      last = status;
      output.emit("status", statusEvent(status));
      const text = verdictOf(status, environment.clock.now());
      if (text !== shown) line.show(text);
      shown = text;
    }
  } catch (error) {
    if (!work.signal.aborted) throw error;
  } finally {
    line.end();
  }
  if (!work.signal.aborted) throw ended();
  output.result("status", last.exit, { state: last.state });
  return last.exit;
}

/**
 * Let the daemon look now, and wait until both sides are equal, or something waits for the user.
 *
 * @throws {SnapError} `interrupted`, `daemon-off` where it ends meanwhile
 */
export async function waitUntilSynced(
  context: CliContext,
  first: WorkspaceStatus,
): Promise<WorkspaceStatus> {
  const { environment, output, work } = context;
  if (first.paused !== undefined) return first;
  const askedAt = environment.clock.now();
  const events = statuses(context, first.id);
  const nudge = { method: "POST", path: `/v1/workspaces/${first.id}/nudge`, body: {} } as const;
  await daemonClient(environment).call({ ...nudge, signal: work.signal });
  for await (const status of events) {
    const { progress } = status.live;
    if (progress !== undefined) output.progress(progress);
    if (isOver(status, askedAt)) return status;
  }
  throw ended();
}

/** Equal since it was asked; or in trouble that does not pass by itself. */
function isOver({ live, paused }: WorkspaceStatus, askedAt: number): boolean {
  if (paused !== undefined) return true;
  if (live.state === "waiting") return live.trouble !== undefined && isForUser(live.trouble.code);
  return live.state === "idle" && (live.lastSyncedAt ?? 0) >= askedAt;
}

/** Codes of trouble that passes by itself: it is waited for. */
const passing: readonly string[] = ["offline", "throttled", "server-error", "busy"];

function isForUser(code: string): boolean {
  return !passing.includes(code);
}

async function* statuses(
  { environment, work }: CliContext,
  id: string,
): AsyncGenerator<WorkspaceStatus, void, undefined> {
  for await (const event of daemonClient(environment).events(work.signal)) {
    if (event.type === "removed" && event.id === id) return;
    if (event.type === "workspace" && event.workspace.id === id) yield event.workspace;
    if (event.type === "daemon") yield* event.status.workspaces.filter((each) => each.id === id);
  }
}

function ended(): SnapError {
  return new SnapError(
    "daemon-off",
    "The daemon has ended, or looks after this workspace no more",
    {
      hint: "`snap start` starts it; `snap log` shows what it says.",
    },
  );
}
