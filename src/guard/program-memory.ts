import { readFileSync } from "node:fs";
import { systemCode } from "../std/error.ts";
import { isOutOfReach } from "./read-only.ts";

/**
 * What a process holds in memory by itself, bytes: pages of files, which the system can take back, are not in it. undefined where
 * the system does not tell, as anywhere but on Linux.
 */
export function ownMemoryOf(pid: number): number | undefined {
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
