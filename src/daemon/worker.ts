import type { Environment } from "../app/environment.ts";
import type { OpenSession } from "../app/live.ts";
import { makeRunFolder, type RunFolder } from "../app/run-folder.ts";
import { takeRunLock } from "../app/run-lock.ts";
import { embeddedService } from "../app/serve-embedded.ts";
import { isSnapError } from "../std/error.ts";
import { fired } from "../std/fired.ts";
import type { Clock } from "../std/time.ts";
import { asFailure } from "./control-call.ts";
import { serveControl } from "./control-api.ts";
import { Daemon } from "./daemon.ts";
import { toldError, type SupervisorLink } from "./link.ts";
import { openLog } from "./log-file.ts";
import { beat } from "./pulse.ts";

/** How long a worker waits for the end of the one before it, ms: that one may be in the middle of a transfer. */
const predecessorMs = 60_000;

/** Time between two looks whether a lock is free, ms. */
const lockPollMs = 100;

/** What a worker runs with. */
export type WorkerOptions = {
  readonly environment: Environment;
  readonly openSession: OpenSession;
  readonly link: SupervisorLink;
  /** Fires when this process is to end. */
  readonly signal: AbortSignal;
};

/**
 * Keep all linked workspaces in sync and serve the control API, until the signal fires or somebody asks for the end. Then each
 * workspace ends at the next op.
 *
 * @throws {SnapError} `busy` while another worker does not end; `settings-invalid`, `refused`, `disk-error` and so on
 */
export async function runWorker(options: WorkerOptions): Promise<void> {
  const { environment, link } = options;
  const { clock } = environment;
  using log = openLog(environment.locations.log, { clock });
  const over = new AbortController();
  const beating = beat(link, { clock, signal: over.signal });
  try {
    // Whoever lends does not borrow.
    const { lender: _, ...own } = environment;
    await work({ ...options, environment: { ...own, logger: log } });
    log.info("the daemon has ended", { pid: process.pid });
  } catch (error) {
    const failure = asFailure(error);
    log.error("the daemon cannot go on", { code: failure.code, reason: String(error) });
    link.tell({ type: "failed", error: toldError(failure) });
    throw error;
  } finally {
    over.abort();
    await beating;
  }
}

async function work({ environment, openSession, link, signal }: WorkerOptions): Promise<void> {
  const { clock, logger, locations } = environment;
  const run = makeRunFolder(locations);
  const asked = new AbortController();
  const end = AbortSignal.any([signal, link.stop, asked.signal]);
  using _lock = await lockWhenFree(run, { clock, signal: end });
  await using embedded = embeddedService(environment);
  const daemon = new Daemon({
    environment: { ...environment, embedded: () => embedded.reach() },
    openSession,
    supervisor: link.pid,
    onStop: () => asked.abort(),
  });
  try {
    await daemon.reload();
    await using _control = await serveControl({ run, controlled: daemon, environment });
    logger.info("the daemon runs", { pid: process.pid });
    link.tell({ type: "ready" });
    await fired(end);
    link.tell({ type: "stopping" });
    // While the workspaces come to their end, the socket still answers.
    await daemon[Symbol.asyncDispose]();
  } finally {
    await daemon[Symbol.asyncDispose]();
  }
}

async function lockWhenFree(
  run: RunFolder,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<Disposable> {
  for (let waitedMs = 0; ; waitedMs += lockPollMs) {
    try {
      return takeRunLock(run, "worker");
    } catch (error) {
      if (!isSnapError(error, "busy") || waitedMs >= predecessorMs || signal.aborted) throw error;
      await clock.sleep(lockPollMs);
    }
  }
}
