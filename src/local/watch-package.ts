import { watch } from "node:fs";
import { Worker } from "node:worker_threads";
import { describeError, isSnapError, systemCode } from "../std/error.ts";

/** What the package tells of one place: a hint where to look, and nothing else. */
export type ToldEvent = { readonly path: string; readonly type: "create" | "update" | "delete" };

/** The call of `@parcel/watcher` that is used; a test passes its own. */
export type Subscribe = (
  folder: string,
  told: (error: Error | null, events: readonly ToldEvent[]) => void,
  options: {
    readonly ignore: string[];
    /** Not in the package's types: whole paths, which are never taken for patterns. It adds to the list. */
    readonly ignorePaths: string[];
  },
) => Promise<{ unsubscribe(): Promise<void> }>;

/** The package, once the system is known to have what it needs. @throws {Error} of the system or of Node; see `reasonOf` */
export async function loadSubscribe(top: string): Promise<Subscribe> {
  await probe(top);
  const { subscribe } = await import("@parcel/watcher");
  return subscribe;
}

/**
 * Whether this user may have one more inotify instance. The package stops the whole program for ever where it gets none, so Node
 * tries first, in a thread, because its own instance ends only with the thread.
 */
function probe(top: string): Promise<void> {
  const source = `
    const { parentPort, workerData } = require("node:worker_threads");
    const { watch } = require("node:fs");
    try {
      watch(workerData).close();
    } catch (error) {
      parentPort.postMessage({ code: error.code, message: error.message });
    }`;
  return new Promise((resolve, reject) => {
    const worker = new Worker(source, { eval: true, workerData: top, execArgv: [] });
    let failure: Error | undefined;
    worker.on("message", ({ code, message }: { code: string; message: string }) => {
      failure = Object.assign(new Error(message), { code });
    });
    worker.on("error", reject);
    worker.on("exit", () => (failure === undefined ? resolve() : reject(failure)));
  });
}

/** Whether no further folder could be watched: for a new one the package does not say so. */
export function isAtLimit(top: string): boolean {
  try {
    watch(top).close();
    return false;
  } catch (error) {
    return isLimit(error);
  }
}

/** Whether the limit of watches is reached. */
export function isLimit(error: unknown): boolean {
  return systemCode(error) === "ENOSPC" || describeError(error).includes("No space left on device");
}

/** What to do when the limit of watches is reached. */
export const raiseWatches =
  "the limit fs.inotify.max_user_watches is reached: raise it with sysctl";
const raiseInstances = "the limit fs.inotify.max_user_instances is reached: raise it with sysctl";

/** Why nothing can be watched, and what to do against it: for the user, as the rest of a sentence. */
export function reasonOf(error: unknown): string {
  if (isLimit(error)) return raiseWatches;
  const text = describeError(error);
  if (isSnapError(error)) return text;
  const code = systemCode(error);
  if (code === "EMFILE" || text.includes("Too many open files")) return raiseInstances;
  const isMissing = code === "ERR_MODULE_NOT_FOUND" || text.includes("No prebuild");
  if (isMissing) return "the package @parcel/watcher is not installed for this computer";
  return `this computer does not tell of changes (${text}); see fs.inotify.max_user_watches`;
}
