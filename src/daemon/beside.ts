import type { Environment } from "../app/environment.ts";
import { isSnapError } from "../std/error.ts";
import { daemonClient } from "./client.ts";
import { daemonLender } from "./lender.ts";

/** How long the daemon gets to take over new settings before the command ends all the same, ms. */
const reloadMs = 10_000;

/** A command beside the daemon. At its end a daemon that runs reads the settings anew, where they were changed. */
export interface Beside extends AsyncDisposable {
  /** As it was, and workspaces are borrowed where the daemon holds them. */
  readonly environment: Environment;
}

/** Let a command work beside the daemon, whether one runs or not. */
export function besideDaemon(environment: Environment, signal: AbortSignal): Beside {
  let hasChanged = false;
  const { settings } = environment;
  return {
    environment: {
      ...environment,
      lender: daemonLender(environment, signal),
      settings: {
        read: () => settings.read(),
        update: (change) => {
          hasChanged = true;
          return settings.update(change);
        },
      },
    },
    [Symbol.asyncDispose]: async () => {
      if (hasChanged) await reload(environment);
    },
  };
}

async function reload(environment: Environment): Promise<void> {
  const signal = AbortSignal.timeout(reloadMs);
  try {
    await daemonClient(environment).call({ method: "POST", path: "/v1/reload", body: {}, signal });
  } catch (error) {
    // No daemon, or none that can be reached now: it reads the settings when it starts, and before it takes a workspace back.
    if (!isSnapError(error) && !signal.aborted) throw error;
  }
}
