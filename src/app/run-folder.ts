import { createHash } from "node:crypto";
import { lstatSync, readFileSync, rmdirSync, rmSync } from "node:fs";
import os from "node:os";
import { isAbsolute, join } from "node:path";
import type { Locations } from "../state/locations.ts";
import { makePrivateFolder, writePrivateFile } from "../state/private-file.ts";
import { SnapError, systemCode } from "../std/error.ts";
import { mayBeServed, requireOwnSocket, requirePrivateFolder } from "./run-safety.ts";

/** Longest path of a Unix socket that every system takes: 104 bytes with the last 0 on some. */
const socketPathBytesMax = 103;

/** The name of the socket. */
const socketName = "daemon.sock";

/** Where the daemon and those who talk to it meet. */
export type RunFolder = {
  readonly folder: string;
  /** In the folder itself, or in one with a shorter path where this one is too long for a socket. */
  readonly socket: string;
};

/**
 * The folder of the daemon's socket and locks, made 0700 where it is missing (X19).
 *
 * @throws {SnapError} `refused` where it is a link, another user's or open to others; `disk-error`, `disk-read-only`, `disk-full`
 */
export function makeRunFolder({ run }: Locations): RunFolder {
  makePrivateFolder(run);
  requirePrivateFolder(run);
  const direct = join(run, socketName);
  if (fits(direct)) return { folder: run, socket: direct };
  const short = recordedFolder(run) ?? join(os.tmpdir(), shortName(run));
  makePrivateFolder(short);
  requirePrivateFolder(short);
  const socket = join(short, socketName);
  if (!fits(socket)) throw tooLong(socket);
  writePrivateFile(recordPath(run), `${short}\n`);
  return { folder: run, socket };
}

/**
 * The same where a daemon may run; undefined where none was ever started. Nothing is made.
 *
 * @throws {SnapError} `refused` as `makeRunFolder`, also for a socket that is not one, or is not ours (X19)
 */
export function findRunFolder({ run }: Pick<Locations, "run">): RunFolder | undefined {
  if (lstatSync(run, { throwIfNoEntry: false }) === undefined) return undefined;
  requirePrivateFolder(run);
  const direct = join(run, socketName);
  if (fits(direct)) return withOwnSocket({ folder: run, socket: direct });
  const short = recordedFolder(run);
  if (short === undefined || lstatSync(short, { throwIfNoEntry: false }) === undefined) {
    return undefined;
  }
  requirePrivateFolder(short);
  return withOwnSocket({ folder: run, socket: join(short, socketName) });
}

/**
 * The socket at which a daemon may listen; undefined where none does. Nothing is made.
 *
 * @throws {SnapError} `refused` as `findRunFolder`, also for a socket that is open to others and at which somebody answers (X19)
 */
export async function findSocket(place: Pick<Locations, "run">): Promise<string | undefined> {
  const found = findRunFolder(place);
  return found !== undefined && (await mayBeServed(found.socket)) ? found.socket : undefined;
}

/**
 * Remove the socket that a dead process left. The caller holds the worker's lock, so no daemon listens there.
 *
 * @throws {SnapError} `refused` where something else has its name, or somebody answers at one that is open to others
 */
export async function removeStaleSocket({ socket }: RunFolder): Promise<void> {
  await mayBeServed(socket);
  rmSync(socket, { force: true });
}

/** At a clean end: the socket goes, and the short folder with it. */
export function removeSocket({ folder, socket }: RunFolder): void {
  rmSync(socket, { force: true });
  const short = recordedFolder(folder);
  if (short === undefined || socket.startsWith(`${folder}/`)) return;
  try {
    rmdirSync(short);
  } catch (error) {
    // Somebody put something of his own there: it is only a place, and is found again.
    if (systemCode(error) === undefined) throw error;
  }
}

function withOwnSocket(found: RunFolder): RunFolder {
  requireOwnSocket(found.socket);
  return found;
}

function fits(path: string): boolean {
  return Buffer.byteLength(path) <= socketPathBytesMax;
}

/** The same for each start, and another one for each user and home. */
function shortName(run: string): string {
  const user = String(process.getuid?.() ?? "");
  return `snap-${createHash("sha256").update(`${user}:${run}`).digest("hex").slice(0, 20)}`;
}

function recordPath(run: string): string {
  return join(run, "socket-folder");
}

/** What an earlier start chose: another process may have another folder for temporary files. */
function recordedFolder(run: string): string | undefined {
  try {
    const folder = readFileSync(recordPath(run), "utf8").trim();
    return isAbsolute(folder) && fits(join(folder, socketName)) ? folder : undefined;
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

function tooLong(path: string): SnapError {
  return new SnapError("path-invalid", `The path is too long for a socket: "${path}"`, {
    path,
    hint: "Set SNAP_HOME, or TMPDIR, to a folder with a shorter path.",
  });
}
