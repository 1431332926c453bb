import { chmodSync, renameSync, rmSync } from "node:fs";
import type { Server } from "node:http";
import { dirname, join } from "node:path";
import type { Environment } from "../app/environment.ts";
import type { Standing } from "../app/live-visit.ts";
import type { RunFolder } from "../app/run-folder.ts";
import { removeSocket, removeStaleSocket } from "../app/run-folder.ts";
import { describeError, SnapError } from "../std/error.ts";
import { fired } from "../std/fired.ts";
import { asFailure, badRequest, ControlCall } from "./control-call.ts";
import { Leases } from "./leases.ts";
import { borrowSchema, choiceSchema, emptySchema, pauseSchema, renewSchema } from "./wire.ts";
import type { DaemonEvent, DaemonStatus } from "./wire.ts";

/** Connections at once: commands, and who watches. */
const connectionsMax = 128;

/** What the control API asks of the daemon. Everything rejects with a `SnapError`. */
export interface Controlled {
  status(): DaemonStatus;
  /** Hear of every change, until the result is called. */
  subscribe(listener: (event: DaemonEvent) => void): () => void;
  /** Begin to end everything; resolves at once. */
  stop(): void;
  /** Read the settings anew, and act on them. */
  reload(): Promise<void>;
  pause(request: { readonly workspace?: string; readonly reason?: string }): Promise<void>;
  resume(request: { readonly workspace?: string }): Promise<void>;
  /** Look at a workspace now. @throws {SnapError} `not-found` */
  nudge(workspace: string): void;
  /** As `Lender`. @throws {SnapError} `not-found`, `busy` where it is lent already */
  lend(
    workspace: string,
    request: { readonly what: string; readonly signal: AbortSignal },
  ): Promise<AsyncDisposable>;
  /** As `Lender`. @throws {SnapError} as `lend` */
  still(
    workspace: string,
    request: { readonly what: string; readonly signal: AbortSignal },
  ): Promise<Standing>;
}

/** What requests are answered with. */
type Served = ControlOptions & { readonly leases: Leases };

type Handler = (call: ControlCall, served: Served, workspace: string) => Promise<void>;

const routes: readonly (readonly [string, RegExp, Handler])[] = [
  ["GET", /^\/v1\/status$/u, async (call, { controlled }) => call.answer(controlled.status())],
  ["GET", /^\/v1\/events$/u, streamEvents],
  ["POST", /^\/v1\/stop$/u, stop],
  ["POST", /^\/v1\/reload$/u, reload],
  ["POST", /^\/v1\/pause$/u, pause],
  ["POST", /^\/v1\/resume$/u, resume],
  ["POST", /^\/v1\/workspaces\/([0-9a-z-]{1,64})\/borrow$/u, lend],
  ["POST", /^\/v1\/workspaces\/([0-9a-z-]{1,64})\/still$/u, still],
  ["POST", /^\/v1\/workspaces\/([0-9a-z-]{1,64})\/nudge$/u, nudge],
  ["POST", /^\/v1\/renew$/u, renew],
];

/** What is served, and where. */
export type ControlOptions = {
  readonly run: RunFolder;
  readonly controlled: Controlled;
  readonly environment: Pick<Environment, "logger" | "clock" | "rng">;
};

/**
 * Serve the control API on the socket of the run folder, 0600 in a folder 0700 (X19), until it is disposed of. The caller holds
 * the lock of the folder.
 *
 * @throws {SnapError} `refused` where something else is in the way of the socket; `disk-error`
 */
export async function serveControl(options: ControlOptions): Promise<AsyncDisposable> {
  const { run } = options;
  await removeStaleSocket(run);
  const served = { ...options, leases: new Leases(options.environment) };
  const server = process.getBuiltinModule("node:http").createServer((request, response) => {
    void answer(new ControlCall(request, response), served);
  });
  server.maxConnections = connectionsMax;
  await listen(server, run.socket);
  return {
    [Symbol.asyncDispose]: async () => {
      // Loans and streams end with the daemon; whoever has one is told by the end of the connection.
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
      removeSocket(run);
    },
  };
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause) => reject(cannotListen(path, cause)));
    // Whoever comes must not find it open to others (X19): it gets its name when it is closed to them.
    const made = join(dirname(path), "new.sock");
    rmSync(made, { force: true });
    server.listen({ path: made }, () => {
      try {
        chmodSync(made, 0o600);
        renameSync(made, path);
        resolve();
      } catch (cause) {
        reject(cannotListen(path, cause));
      }
    });
  });
}

function cannotListen(path: string, cause: unknown): SnapError {
  const hint = "Look at the folder and at the health of the disk.";
  const message = `The daemon cannot listen: "${path}" (${describeError(cause)})`;
  return new SnapError("disk-error", message, { path, hint, cause });
}

async function answer(call: ControlCall, served: Served): Promise<void> {
  try {
    await routed(call, served);
  } catch (thrown) {
    const failure = asFailure(thrown);
    if (failure.code === "unexpected") {
      served.environment.logger.error("a request failed", {
        path: call.path,
        reason: String(thrown),
      });
    }
    call.refuse(failure);
  }
}

async function routed(call: ControlCall, served: Served): Promise<void> {
  for (const [method, form, handle] of routes) {
    const [, workspace = ""] = form.exec(call.path) ?? [];
    if (!form.test(call.path)) continue;
    if (method !== call.method) throw badRequest(`${call.path} takes ${method}`);
    await handle(call, served, workspace);
    return;
  }
  throw badRequest(`There is no "${call.path}"`);
}

async function streamEvents(call: ControlCall, { controlled }: Served): Promise<void> {
  const listen = (event: DaemonEvent): void => {
    if (!call.line(event)) end();
  };
  const end = controlled.subscribe(listen);
  call.gone.addEventListener("abort", end, { once: true });
  listen({ v: 1, type: "daemon", status: controlled.status() });
}

async function stop(call: ControlCall, { controlled }: Served): Promise<void> {
  await call.body(emptySchema);
  const { pid, supervisor } = controlled.status();
  call.answer({ v: 1, pid, supervisor });
  controlled.stop();
}

async function reload(call: ControlCall, { controlled }: Served): Promise<void> {
  await call.body(emptySchema);
  await controlled.reload();
  call.answer(controlled.status());
}

async function pause(call: ControlCall, { controlled }: Served): Promise<void> {
  await controlled.pause(await call.body(pauseSchema));
  call.answer(controlled.status());
}

async function resume(call: ControlCall, { controlled }: Served): Promise<void> {
  await controlled.resume(await call.body(choiceSchema));
  call.answer(controlled.status());
}

async function nudge(call: ControlCall, { controlled }: Served, workspace: string): Promise<void> {
  await call.body(emptySchema);
  controlled.nudge(workspace);
  call.answer({ v: 1 });
}

/** The loan lasts as long as the connection. */
async function lend(call: ControlCall, { controlled }: Served, workspace: string): Promise<void> {
  const { what } = await call.body(borrowSchema);
  const { gone } = call;
  await using _loan = await controlled.lend(workspace, { what, signal: gone });
  if (call.line({ lent: true })) await fired(gone);
}

/** The disk stands still as long as the connection lasts, and the caller says that it is at work (N34). */
async function still(call: ControlCall, served: Served, workspace: string): Promise<void> {
  const { controlled, leases, environment } = served;
  const { what } = await call.body(borrowSchema);
  const { gone } = call;
  using standing = await controlled.still(workspace, { what, signal: gone });
  const tell = (lease: string): boolean => call.line({ still: true, lease });
  const isHung = await leases.last(tell, AbortSignal.any([gone, standing.ended]));
  if (isHung) environment.logger.info("a command hangs, and is not waited for", { what });
  call.end();
}

async function renew(call: ControlCall, { leases }: Served): Promise<void> {
  const { lease } = await call.body(renewSchema);
  leases.renew(lease);
  call.answer({ v: 1 });
}
