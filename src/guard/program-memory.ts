import { readFileSync } from "node:fs";
import { systemCode } from "../std/error.ts";
import { isOutOfReach } from "./read-only.ts";

/** How often it is looked at, ms: a program takes some megabytes meanwhile. A real process is watched, so in real time. */
const lookMs = 50;

/**
 * Tell once when a process holds more memory than it may: a small file can make Git ask for gigabytes. Ends when it is disposed of.
 *
 * @param pid undefined where it was not started
 * @param bytesMax of what it holds by itself
 */
export function watchMemory(
  pid: number | undefined,
  bytesMax: number,
  onMore: () => void,
): Disposable {
  if (pid === undefined) return { [Symbol.dispose]: () => undefined };
  const look = (): void => {
    if ((ownMemoryOf(pid) ?? 0) <= bytesMax) return;
    clearInterval(timer);
    onMore();
  };
  const timer = setInterval(look, lookMs);
  look();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

/**
 * What a process holds in memory by itself, bytes: pages of files, which the system can take back, are not in it. undefined where
 * the system does not tell, as anywhere but on Linux.
 */
function ownMemoryOf(pid: number): number | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/status`, "latin1");
    const kib = /^RssAnon:\s*(?<kib>\d+) kB$/mu.exec(text)?.groups?.["kib"];
    return kib === undefined ? undefined : Number(kib) * 1024;
  } catch (error) {
    // It has ended: what is not there any more is told as ESRCH, too.
    if (isOutOfReach(error) || systemCode(error) === "ESRCH") return undefined;
    throw error;
  }
}
