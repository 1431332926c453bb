import type { Environment, Lender } from "../app/environment.ts";
import { isSnapError, throwIfAborted } from "../std/error.ts";
import { answered, daemonClient, isUnanswered } from "./client.ts";

/**
 * Borrows from the daemon what it holds (S12). The loan is a connection: it ends when it is given back, and when this process
 * ends in any way, so that a killed command leaves nothing locked.
 *
 * @param signal ends the waiting for a loan, never a loan: what was begun with it comes to its own end
 */
export function daemonLender(
  environment: Pick<Environment, "locations" | "clock">,
  signal: AbortSignal,
): Lender {
  return {
    borrow: async (workspace, what) => {
      const waiting = new AbortController();
      const stop = (): void => waiting.abort();
      signal.addEventListener("abort", stop, { once: true });
      const path = `/v1/workspaces/${workspace}/borrow`;
      const asked = { method: "POST", path, body: { what }, signal: waiting.signal } as const;
      const client = daemonClient(environment);
      const lines = client.lines(asked);
      try {
        // The end of what is under way is waited for, a daemon that hangs is not.
        const ask = (patience: AbortSignal): Promise<unknown> => client.status(patience);
        await answered(environment.clock, ask, waiting.signal);
        const first = await lines.next();
        if (!isLent(first.value)) return undefined;
        return {
          [Symbol.asyncDispose]: async () => {
            await lines.return();
          },
        };
      } catch (error) {
        throwIfAborted(signal);
        // No daemon, or one that does not have the workspace: somebody else is at work there.
        if (isSnapError(error) || isUnanswered(error)) return undefined;
        throw error;
      } finally {
        signal.removeEventListener("abort", stop);
      }
    },
  };
}

function isLent(line: unknown): boolean {
  return typeof line === "object" && line !== null && "lent" in line && line.lent === true;
}
