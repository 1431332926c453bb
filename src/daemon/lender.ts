import type { Environment, Lender, Stillness } from "../app/environment.ts";
import { describeError, isSnapError, SnapError, throwIfAborted } from "../std/error.ts";
import { answered, daemonClient, isUnanswered, statusInTime, type DaemonClient } from "./client.ts";
import { beatMs } from "./leases.ts";
import type { DaemonEvent } from "./wire.ts";

type Lending = Pick<Environment, "locations" | "clock">;

/**
 * Borrows from the daemon what it holds (S12). The loan is a connection: it ends when it is given back, and when this process
 * ends in any way, so that a killed command leaves nothing locked.
 *
 * @param signal ends the waiting for a loan, never a loan: what was begun with it comes to its own end
 */
export function daemonLender(environment: Lending, signal: AbortSignal): Lender {
  const asked = { environment, signal };
  return {
    borrow: (workspace, what) => connection(asked, { workspace, what, way: "borrow" }),
    has: (workspace) => hasNow(asked, workspace),
    still: (workspace, what) => stillness(asked, { workspace, what, way: "still" }),
    untilClean: (workspace, waitMs) => untilClean(asked, workspace, waitMs),
  };
}

async function hasNow({ environment, signal }: Asked, workspace: string): Promise<boolean> {
  const status = await statusInTime(environment, signal);
  const known = status?.workspaces.find(({ id }) => id === workspace);
  return known !== undefined && known.live.state !== "lent";
}

type Asked = { readonly environment: Lending; readonly signal: AbortSignal };

type Wanted = {
  readonly workspace: string;
  readonly what: string;
  readonly way: "borrow" | "still";
};

/** What lasts as long as its connection; `line` is what it was granted with. */
type Granted = AsyncDisposable & { readonly line: object };

/** The daemon is told that this process is at work until it is given back: what hangs is waited for no longer than a lease (N34). */
async function stillness(asked: Asked, wanted: Wanted): Promise<Stillness | undefined> {
  const granted = await connection(asked, wanted);
  if (granted === undefined) return undefined;
  const { environment } = asked;
  const over = new AbortController();
  const lease = "lease" in granted.line ? String(granted.line.lease) : "";
  const beating = beat(environment, lease, over.signal);
  return {
    confirm: async () => {
      try {
        await renew(environment, lease);
      } catch (error) {
        throw leftAlone(error);
      }
    },
    [Symbol.asyncDispose]: async () => {
      over.abort();
      await beating;
      await granted[Symbol.asyncDispose]();
    },
  };
}

/** Until it is over. Whether the lease was lost on the way is told by `confirm`. */
async function beat(environment: Lending, lease: string, over: AbortSignal): Promise<void> {
  while (!over.aborted) {
    await environment.clock
      .sleep(beatMs, over)
      .then(() => renew(environment, lease))
      .catch(() => undefined);
  }
}

async function renew(environment: Lending, lease: string): Promise<void> {
  const asked = { method: "POST", path: "/v1/renew", body: { lease } } as const;
  const client = daemonClient(environment);
  await answered(environment.clock, (signal) => client.call({ ...asked, signal }));
}

function leftAlone(cause: unknown): SnapError {
  const reason = describeError(cause);
  const message = `The background sync did not wait for the end of this (${reason}): files may have moved meanwhile`;
  const hint = "Run the command again; what is in the store already is not stored twice.";
  return new SnapError("busy", message, { hint, cause });
}

async function connection(
  { environment, signal }: Asked,
  { workspace, what, way }: Wanted,
): Promise<Granted | undefined> {
  const waiting = new AbortController();
  const stop = (): void => waiting.abort();
  signal.addEventListener("abort", stop, { once: true });
  const path = `/v1/workspaces/${workspace}/${way}`;
  const asked = { method: "POST", path, body: { what }, signal: waiting.signal } as const;
  const client = daemonClient(environment);
  const lines = client.lines(asked);
  try {
    // The end of what is under way is waited for, a daemon that hangs is not.
    const ask = (patience: AbortSignal): Promise<unknown> => client.status(patience);
    await answered(environment.clock, ask, waiting.signal);
    const first = await lines.next();
    const line: unknown = first.value;
    if (!isGranted(line)) return undefined;
    return {
      line,
      [Symbol.asyncDispose]: async () => {
        await lines.return();
      },
    };
  } catch (error) {
    throwIfAborted(signal);
    // Another command is at work there, with the daemon: that knows which one.
    if (isSnapError(error, "busy")) throw error;
    // No daemon, or one that does not have the workspace, or of a version that cannot do this: somebody else is at work there.
    if (isSnapError(error) || isUnanswered(error)) return undefined;
    throw error;
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

function isGranted(line: unknown): line is object {
  if (typeof line !== "object" || line === null) return false;
  return ("lent" in line && line.lent === true) || ("still" in line && "lease" in line);
}

async function untilClean(
  { environment, signal }: Asked,
  workspace: string,
  waitMs: number,
): Promise<boolean | undefined> {
  const over = new AbortController();
  const late = environment.clock.sleep(waitMs, over.signal).then(
    () => over.abort(),
    () => {
      // It is clean, or nobody wants to know any more.
    },
  );
  const either = AbortSignal.any([signal, over.signal]);
  const client = daemonClient(environment);
  try {
    const ask = (patience: AbortSignal): Promise<unknown> => client.status(patience);
    await answered(environment.clock, ask, either);
    // What was saved just now may not be known to it yet.
    const since = environment.clock.now();
    const path = `/v1/workspaces/${workspace}/nudge`;
    await client.call({ method: "POST", path, body: {}, signal: either });
    return await isCleanSoon(client, { workspace, since }, either);
  } catch (error) {
    throwIfAborted(signal);
    if (isSnapError(error, "daemon-off", "not-found")) return undefined;
    if (isSnapError(error) || !isUnanswered(error)) throw error;
    return false;
  } finally {
    over.abort();
    await late;
  }
}

type Cleanness = {
  readonly workspace: string;
  /** It has to have come to rest after that, ms since 1970. */
  readonly since: number;
};

/** Undefined where the daemon has no such workspace, or ends. */
async function isCleanSoon(
  client: DaemonClient,
  { workspace, since }: Cleanness,
  signal: AbortSignal,
): Promise<boolean | undefined> {
  for await (const event of client.events(signal)) {
    const status = statusIn(event, workspace);
    if (event.type === "daemon" && status === undefined) return undefined;
    const isAtRest = status?.live.state === "idle" && status.live.since >= since;
    if (isAtRest && status.state === "up-to-date") return true;
  }
  return undefined;
}

function statusIn(
  event: DaemonEvent,
  workspace: string,
): Extract<DaemonEvent, { type: "workspace" }>["workspace"] | undefined {
  if (event.type === "daemon") return event.status.workspaces.find(({ id }) => id === workspace);
  if (event.type !== "workspace" || event.workspace.id !== workspace) return undefined;
  return event.workspace;
}
