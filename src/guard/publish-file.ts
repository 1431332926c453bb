import {
  constants,
  copyFileSync,
  linkSync,
  lstatSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { SnapError, systemCode } from "../std/error.ts";
import { flushAt } from "./durable.ts";

/** File systems without hard links say so in one of these ways. */
const noLinks: ReadonlySet<string> = new Set([
  "EPERM",
  "ENOTSUP",
  "EOPNOTSUPP",
  "ENOSYS",
  "EMLINK",
]);

/**
 * Give a finished file its name: a copy beside it, durable, then linked. What has the name already stays.
 *
 * @returns its size in bytes
 * @throws {SnapError} `refused` where something has the name, `disk-error` where it cannot be written
 */
export async function publish(source: string, target: string): Promise<number> {
  const draft = join(dirname(target), `.snap-tmp-${process.pid}-${basename(target)}`.slice(0, 200));
  try {
    copyFileSync(source, draft, constants.COPYFILE_EXCL);
    await flushAt(draft);
    giveName(draft, target);
    await flushAt(dirname(target));
    return statSync(target).size;
  } catch (error) {
    throw publishError(error, target);
  } finally {
    if (systemCodeOf(() => lstatSync(draft)) === undefined) rmSync(draft, { force: true });
  }
}

function giveName(draft: string, target: string): void {
  const code = systemCodeOf(() => linkSync(draft, target));
  if (code === undefined) return;
  if (!noLinks.has(code)) throw Object.assign(new Error(`link: ${code}`), { code });
  if (systemCodeOf(() => lstatSync(target)) === undefined) throw taken(target);
  renameSync(draft, target);
}

/** The code with which something fails; undefined where it does not. */
function systemCodeOf(act: () => unknown): string | undefined {
  try {
    act();
    return undefined;
  } catch (error) {
    const code = systemCode(error);
    if (code === undefined) throw error;
    return code;
  }
}

function publishError(error: unknown, target: string): unknown {
  const code = systemCode(error);
  if (code === undefined) return error;
  if (code === "EEXIST") return taken(target);
  const name = code === "ENOSPC" || code === "EDQUOT" ? "disk-full" : "disk-error";
  return new SnapError(name, `"${target}" cannot be written: ${code}`, {
    path: target,
    cause: error,
  });
}

function taken(target: string): SnapError {
  return new SnapError("refused", `"${target}" is there already`, {
    path: target,
    hint: "Choose another name: nothing is overwritten.",
  });
}
