import { isAbsolute, resolve } from "node:path";
import { candidateBytesMax, isGitConfig } from "../core/repo/half-made.ts";
import {
  inside,
  isOutOfReach,
  kindAt,
  readFolder,
  readLink,
  readStart,
  type Bytes,
} from "./read-only.ts";
import { parseGitdirFile, parseHead, type HeadText } from "./git-text.ts";

export { candidateBytesMax };

/** What the folder with a repository's history looks like from its own names (G11). */
export type GitdirShape = {
  readonly whole: boolean;
  readonly reftable: boolean;
};

/** `HEAD` of a gitdir: a small file, or in repositories from before 2005 a symlink to a ref. */
export function readHead(gitdir: Bytes): HeadText | undefined {
  const path = inside(gitdir, "HEAD");
  if (kindAt(path) === "symlink") return parseHead(`ref: ${readLink(path) ?? ""}`);
  const text = readStart(path, candidateBytesMax);
  return text === undefined ? undefined : parseHead(text);
}

/** @throws the error of Node where the folder cannot be read. */
export function inspectGitdir(gitdir: Bytes): GitdirShape {
  const names = new Set(readFolder(gitdir).map((entry) => entry.name));
  const head = readHead(gitdir);
  // A linked worktree has its objects and refs in the repository it belongs to.
  const linked = names.has("commondir");
  const complete = linked || (names.has("objects") && names.has("refs"));
  const reftable = kindAt(inside(gitdir, "reftable/tables.list")) === "file";
  return { whole: head !== undefined && complete, reftable };
}

/** Whether any object or pack is left. */
export function hasObjects(gitdir: Bytes): boolean {
  const objects = inside(gitdir, "objects");
  return namesIn(objects).some((name) =>
    name === "pack"
      ? namesIn(inside(objects, name)).some((pack) => pack.endsWith(".pack"))
      : /^[0-9a-f]{2}$/u.test(name) && namesIn(inside(objects, name)).length > 0,
  );
}

function namesIn(folder: Bytes): string[] {
  try {
    return readFolder(folder).map((entry) => entry.name);
  } catch (error) {
    if (isOutOfReach(error)) return [];
    throw error;
  }
}

/** What a bare repository that lost one of its three signs still shows (G11 `torn`). */
export function isTornBare(folder: Bytes): boolean {
  const config = readStart(inside(folder, "config"), candidateBytesMax);
  if (config !== undefined && isGitConfig(config)) return true;
  return namesIn(inside(folder, "objects/pack")).some((name) => name.startsWith("pack-"));
}

/** Where a `.git` file leads. */
export type GitFile = {
  /** As written; undefined where the file does not say. */
  readonly written: string | undefined;
  readonly form: "submodule" | "worktree" | "separate" | "dangling";
  /** Absolute paths. */
  readonly gitdir: Bytes | undefined;
  readonly commonDir: string | undefined;
  readonly pathAbsolute: boolean | undefined;
};

/** Read a `.git` file in a folder (G11): gitrepository-layout(5), "gitfile". */
export function readGitFile(folder: Bytes, name: Bytes | string): GitFile {
  const text = readStart(inside(folder, name), candidateBytesMax);
  const written = text === undefined ? undefined : parseGitdirFile(text);
  if (written === undefined) return danglingFile(written);
  const target = Buffer.from(resolve(folder.toString("utf8"), written));
  if (kindAt(target) === undefined) return danglingFile(written);
  const pathAbsolute = isAbsolute(written);
  const commonDir = commonDirOf(target);
  const isModule = `/${written}/`.replaceAll("\\", "/").includes("/modules/");
  const form = commonDir !== undefined ? "worktree" : isModule ? "submodule" : "separate";
  return { written, form, gitdir: target, commonDir, pathAbsolute };
}

/** What a gitdir names as the one that it shares refs and objects with, absolute. */
export function commonDirOf(gitdir: Bytes): string | undefined {
  const common = readStart(inside(gitdir, "commondir"), candidateBytesMax)?.trim();
  return common === undefined ? undefined : resolve(gitdir.toString("utf8"), common);
}

function danglingFile(written: string | undefined): GitFile {
  const pathAbsolute = written === undefined ? undefined : isAbsolute(written);
  return { written, form: "dangling", gitdir: undefined, commonDir: undefined, pathAbsolute };
}
