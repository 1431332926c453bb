import type { Stats } from "node:fs";
import { rulesOf } from "../core/ignore.ts";
import { isSnapError } from "../std/error.ts";
import {
  isAtOrBelow,
  isOutOfReach,
  kindAt,
  lookAt,
  readFolder,
  readLink,
  readWhole,
  realPath,
  type Bytes,
} from "./read-only.ts";

/** The file system as isomorphic-git is given it: names of Node's, of which those that write always fail (G32). */
export type ReadOnlyFs = { readonly promises: ReadOnlyCalls };

type ReadOnlyCalls = {
  readonly readFile: (path: string, options?: Encoding) => Promise<Buffer | string>;
  readonly readdir: (path: string) => Promise<string[]>;
  readonly stat: (path: string) => Promise<Stats>;
  readonly lstat: (path: string) => Promise<Stats>;
  readonly readlink: (path: string) => Promise<string>;
} & Readonly<Record<WritingCall, () => Promise<never>>>;

type WritingCall = "writeFile" | "mkdir" | "rmdir" | "unlink" | "symlink" | "rm" | "chmod";
type Encoding = string | { readonly encoding?: string } | undefined;

/** Beyond this a file is as good as not there: only rules to ignore files are read through here. */
const fileBytesMax = 1024 * 1024;

/**
 * A file system that shows what is at or below some folders, and nothing else: a link that leads out of them is not there, and
 * neither is a pipe, nor are rules to ignore files that would take too long to match (X24).
 */
export function readOnlyFs(folders: readonly Bytes[]): ReadOnlyFs {
  const roots = folders.flatMap((folder) => realPath(folder) ?? []);
  const at = (path: string): Bytes => {
    const real = realPath(Buffer.from(path));
    if (real === undefined || !roots.some((root) => isAtOrBelow(real, root))) {
      throw failure("ENOENT", path);
    }
    return real;
  };
  const stat = (path: string): Promise<Stats> =>
    answer(() => lookAt(at(path)) ?? failure("ENOENT", path));
  return {
    promises: {
      readFile: (path, options) => answer(() => contentOf(at(path), path, options)),
      readdir: (path) => answer(() => namesIn(at(path), path)),
      stat,
      lstat: stat,
      readlink: (path) => answer(() => readLink(at(path)) ?? failure("EINVAL", path)),
      writeFile: refuse,
      mkdir: refuse,
      rmdir: refuse,
      unlink: refuse,
      symlink: refuse,
      rm: refuse,
      chmod: refuse,
    },
  };
}

function answer<T>(ask: () => T | Error): Promise<T> {
  return new Promise((resolve, reject) => {
    const told = ask();
    if (told instanceof Error) reject(told);
    else resolve(told);
  });
}

function refuse(): Promise<never> {
  return Promise.reject(failure("EROFS", "the guard only reads"));
}

/** An error as Node's own, which the library tells apart by their codes. */
function failure(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code });
}

function contentOf(real: Bytes, path: string, options: Encoding): Buffer | string | Error {
  const kind = kindAt(real);
  if (kind !== "file") return failure(kind === "folder" ? "EISDIR" : "ENOENT", path);
  const file = readWhole(real, fileBytesMax);
  if (file === undefined || isCostly(path, file.bytes)) return failure("ENOENT", path);
  const encoding = typeof options === "string" ? options : options?.encoding;
  return encoding === undefined ? file.bytes : file.bytes.toString("utf8");
}

/** Whether rules to ignore files are beyond the bounds of our own ones: one name could then be matched for hours (X24). */
function isCostly(path: string, bytes: Buffer): boolean {
  if (!/\/(?:\.gitignore|info\/exclude)$/u.test(path)) return false;
  try {
    rulesOf(bytes.toString("utf8"));
    return false;
  } catch (error) {
    if (isSnapError(error, "settings-invalid")) return true;
    throw error;
  }
}

function namesIn(real: Bytes, path: string): string[] | Error {
  try {
    return readFolder(real).map(({ bytes }) => bytes.toString("utf8"));
  } catch (error) {
    if (isOutOfReach(error)) return failure(kindAt(real) === "file" ? "ENOTDIR" : "ENOENT", path);
    throw error;
  }
}
