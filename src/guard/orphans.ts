import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { systemCode } from "../std/error.ts";
import { isOutOfReach } from "./read-only.ts";

const processes = "/proc";

/**
 * End the programs that a killed run started in a shadow and that nobody waits for any more. Only such a one has the shadow as the
 * folder for its temporary files: we give it no other environment. Where the system does not show that, as anywhere but on
 * Linux, they run until they are done.
 *
 * @param shadow absolute
 */
export function endOrphans(shadow: string): void {
  for (const name of listed(processes)) {
    const pid = /^\d+$/u.test(name) ? Number(name) : process.pid;
    if (pid !== process.pid && isIn(pid, shadow)) kill(pid);
  }
}

function listed(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (isOutOfReach(error)) return [];
    throw error;
  }
}

function isIn(pid: number, shadow: string): boolean {
  try {
    const environment = readFileSync(join(processes, String(pid), "environ"), "utf8");
    return environment.split("\0").includes(`TMPDIR=${shadow}`);
  } catch (error) {
    if (isOutOfReach(error) || systemCode(error) === "ESRCH") return false;
    throw error;
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if (systemCode(error) !== "ESRCH" && systemCode(error) !== "EPERM") throw error;
  }
}
