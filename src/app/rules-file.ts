import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  fsyncSync,
  linkSync,
  lstatSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  type BigIntStats,
} from "node:fs";
import path from "node:path";
import { ignoreFileName, ignoreLineLengthMax, ignoreLinesMax } from "../core/ignore.ts";
import { fromSystem } from "../state/errors.ts";
import { syncFolder } from "../state/private-file.ts";
import { SnapError, systemCode } from "../std/error.ts";
import { randomHex, type Rng } from "../std/random.ts";

/** The bounds of X24 in the longest encoding; what is larger is not even read. */
const rulesBytesMax = ignoreLinesMax * (ignoreLineLengthMax + 2) * 3;

/** The rules of a workspace as they stood at one moment. */
export type RulesText = {
  /** "" where there is no file. */
  readonly text: string;
  /** What stood there; undefined: nothing. */
  readonly stat: BigIntStats | undefined;
};

/**
 * Read `.mignore` for who changes it: byte for byte, and never through a link.
 *
 * @throws {SnapError} `settings-invalid` for what is no text file of ours, and trouble of the disk
 */
export function readRulesText(top: string): RulesText {
  const file = path.join(top, ignoreFileName);
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  let handle: number;
  try {
    handle = openSync(file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return { text: "", stat: undefined };
    throw systemCode(error) === "ELOOP" ? unfit(file, "it is a link") : fromSystem(error, file);
  }
  try {
    const stat = fstatSync(handle, { bigint: true });
    if (!stat.isFile()) throw unfit(file, "it is no regular file");
    if (stat.size > BigInt(rulesBytesMax)) throw unfit(file, "it is too large");
    return { text: textOf(readFileSync(handle), file), stat };
  } finally {
    closeSync(handle);
  }
}

function textOf(bytes: Uint8Array, file: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw unfit(file, "it is not UTF-8");
  }
}

function unfit(file: string, why: string): SnapError {
  return new SnapError("settings-invalid", `"${ignoreFileName}" is left alone: ${why}`, {
    path: file,
    hint: "Make it a text file, or change it with an editor.",
  });
}

/**
 * Replace `.mignore` by a text that was made from what stood there; a reader, or a crash, sees the old one or the new one.
 *
 * @throws {SnapError} `volatile` when it was changed meanwhile; nothing has happened then
 */
export function replaceRulesText(
  top: string,
  { before, text }: { readonly before: RulesText; readonly text: string },
  rng: Rng,
): void {
  const file = path.join(top, ignoreFileName);
  // A name that is never synced (S92).
  const temporary = path.join(top, `.snap-tmp-${randomHex(rng, 8)}`);
  try {
    writeDurably(temporary, text, before.stat);
    if (!isSame(before.stat, statOf(file))) throw changedMeanwhile(file);
    if (before.stat === undefined) linkSync(temporary, file);
    else renameSync(temporary, file);
  } catch (error) {
    if (systemCode(error) === "EEXIST") throw changedMeanwhile(file);
    throw error instanceof SnapError ? error : fromSystem(error, file);
  } finally {
    rmSync(temporary, { force: true });
  }
  syncFolder(top);
}

function writeDurably(file: string, text: string, like: BigIntStats | undefined): void {
  const { O_CREAT, O_EXCL, O_WRONLY, O_NOFOLLOW } = constants;
  const handle = openSync(file, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW, 0o666);
  try {
    if (like !== undefined) fchmodSync(handle, Number(like.mode & 0o777n));
    writeFileSync(handle, text);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

function statOf(file: string): BigIntStats | undefined {
  return lstatSync(file, { bigint: true, throwIfNoEntry: false });
}

function isSame(a: BigIntStats | undefined, b: BigIntStats | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return (["dev", "ino", "size", "mtimeNs", "ctimeNs"] as const).every(
    (each) => a[each] === b[each],
  );
}

function changedMeanwhile(file: string): SnapError {
  return new SnapError("volatile", `"${ignoreFileName}" was changed at this very moment`, {
    path: file,
    hint: "Run the same command again.",
  });
}
