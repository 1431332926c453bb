import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { systemCode } from "../std/error.ts";

/** A file that a process has open for writing. */
export type OpenFile = { readonly path: string; readonly pid: number; readonly program: string };

/** The bits of `flags` in `/proc/<pid>/fdinfo/<fd>`, octal, that say how a file was opened: 1 to write, 2 to read and write. */
const writingBits = 0o3;

/**
 * Files below a folder that other processes have open for writing, as Linux tells in `/proc` (proc(5)): of all processes for root, of the
 * user's own for others. Nothing where a system has no such files.
 *
 * @param top absolute, without links in it
 */
export function openWriters(top: string): readonly OpenFile[] {
  return namesIn("/proc")
    .filter((name) => /^[0-9]+$/.test(name) && Number(name) !== process.pid)
    .flatMap((pid) => writtenBy(pid, top));
}

function writtenBy(pid: string, top: string): readonly OpenFile[] {
  const files = namesIn(`/proc/${pid}/fd`).flatMap((fd) => {
    const path = tried(() => readlinkSync(`/proc/${pid}/fd/${fd}`));
    if (path === undefined || !path.startsWith(`${top}/`)) return [];
    return isWriting(pid, fd) ? [path] : [];
  });
  if (files.length === 0) return [];
  const program = tried(() => readFileSync(`/proc/${pid}/comm`, "utf8").trim()) ?? "a process";
  return files.map((path) => ({ path, pid: Number(pid), program }));
}

function isWriting(pid: string, fd: string): boolean {
  const text = tried(() => readFileSync(`/proc/${pid}/fdinfo/${fd}`, "utf8"));
  const flags = /^flags:\s*([0-7]+)$/m.exec(text ?? "")?.[1];
  return flags !== undefined && (Number.parseInt(flags, 8) & writingBits) !== 0;
}

function namesIn(folder: string): readonly string[] {
  return tried(() => readdirSync(folder)) ?? [];
}

/** Processes and their files come and go, and those of others are not shown. */
function tried<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return undefined;
  }
}
