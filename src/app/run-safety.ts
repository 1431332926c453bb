import { lstatSync, type Stats } from "node:fs";
import { SnapError, systemCode } from "../std/error.ts";

/** Bits of a mode that let others in. */
const othersBits = 0o077;

/** Codes of a connection to a socket that nobody listens at any more. */
const deadCodes: readonly (string | undefined)[] = ["ECONNREFUSED", "ENOENT"];

/** Owner, mode and kind, before listening and before connecting (X19). @throws {SnapError} `refused` where one is wrong */
export function requirePrivateFolder(path: string): void {
  const stat = lstatSync(path);
  requireOwn(path, stat, "folder");
  if (isOpen(stat)) throw openToOthers(path, "700");
}

/** Owner and kind of a socket, where there is one. @throws {SnapError} `refused` where one is wrong (X19) */
export function requireOwnSocket(path: string): void {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat !== undefined) requireOwn(path, stat, "socket");
}

/**
 * Whether somebody may listen at a socket in a private folder. Of one that is open to others a connection tells, over which nothing is said:
 * where nobody answers, it is what a process that has ended left, and its mode does no harm.
 *
 * @throws {SnapError} `refused` where somebody answers at one that is open to others, or it is no socket of ours (X19)
 */
export async function mayBeServed(path: string): Promise<boolean> {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return false;
  requireOwn(path, stat, "socket");
  if (!isOpen(stat)) return true;
  if (await isServed(path)) throw openToOthers(path, "600");
  return false;
}

/** What cannot be told counts as served. */
function isServed(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = process.getBuiltinModule("node:net").connect(path);
    const end = (isThere: boolean): void => {
      connection.destroy();
      resolve(isThere);
    };
    connection.on("connect", () => end(true));
    connection.on("error", (error) => end(!deadCodes.includes(systemCode(error))));
  });
}

function requireOwn(path: string, stat: Stats, kind: "folder" | "socket"): void {
  const isKind = kind === "folder" ? stat.isDirectory() : stat.isSocket();
  if (!isKind) throw unsafe(path, `is no ${kind}`, "Move it away, then try again.");
  const user = process.getuid?.();
  if (user !== undefined && stat.uid !== user) {
    throw unsafe(path, "belongs to another user", "Use a SNAP_HOME of your own.");
  }
}

/** A system without users has no permission bits that could be judged. */
function isOpen({ mode }: Stats): boolean {
  return process.getuid !== undefined && (mode & othersBits) !== 0;
}

function openToOthers(path: string, mode: string): SnapError {
  return unsafe(path, "is open to other users", `chmod ${mode} "${path}"`);
}

function unsafe(path: string, problem: string, hint: string): SnapError {
  return new SnapError("refused", `The way to the daemon is not safe: "${path}" ${problem}`, {
    path,
    hint,
  });
}
