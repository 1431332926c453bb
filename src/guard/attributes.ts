import { configBoolean, configValue, type GitConfig } from "./git-config.ts";
import { inside, kindAt, readFirst, readStart, realPath, type Bytes } from "./read-only.ts";
import { isOddFile } from "./special-files.ts";

/** What stands between a file and its content in the repository (gitattributes(5)). */
export type Conversions = {
  /** A program would have to be run; it never is (G5). */
  readonly filters: boolean;
  /** One of them is that of Large File Storage. */
  readonly lfs: boolean;
  /** Attributes stand in something that is no file: Git would wait for it to be written. */
  readonly unread: boolean;
  /** Line ends, encodings or keywords: Git converts them itself. */
  readonly builtIn: boolean;
};

const attributesBytesMax = 64 * 1024;

/** So much is read of all of them together: one file may have many names. Bytes. */
const allBytesMax = 32 * 1024 * 1024;

/** Attributes that hold in every repository of a user (gitattributes(5)). */
export type OuterAttributes = {
  /** Those of the machine, then those of the user, as Git may be given them. */
  readonly text: Buffer;
  /** False where there may be some that were not read. */
  readonly whole: boolean;
};

/**
 * Read the attributes of the machine and, by `core.attributesFile`, those of the user. A name that only Git knows how to write
 * out is not followed.
 */
export function outerAttributes(system: Bytes | undefined, config: GitConfig): OuterAttributes {
  const own = configValue(config, "core.attributesfile") ?? "";
  const files = own.startsWith("/") ? [system, Buffer.from(own)] : [system];
  const texts = files.map((path) => (path === undefined ? nothing : linesOf(path)));
  const known = texts.filter((text) => text !== undefined);
  const whole = known.length === texts.length && (own === "" || own.startsWith("/"));
  return { text: Buffer.concat(known), whole };
}

const nothing = Buffer.alloc(0);
const mark = Buffer.from("\uFEFF");

/** Whole lines, without a mark before the first: others may follow. undefined where not everything can be read. */
function linesOf(path: Bytes): Buffer | undefined {
  const end = realPath(path);
  if (end === undefined) return nothing;
  const text = readFirst(end, attributesBytesMax);
  if (text === undefined || text.length >= attributesBytesMax) return undefined;
  const isMarked = text.subarray(0, mark.length).equals(mark);
  return Buffer.concat([isMarked ? text.subarray(mark.length) : text, Buffer.from("\n")]);
}

/** Which attributes the files of these folders have, whichever pattern they are for. */
export function conversionsOf(
  files: Iterable<Bytes>,
  config: GitConfig,
  outer?: OuterAttributes,
): Conversions {
  const autocrlf = configValue(config, "core.autocrlf");
  const found = {
    filters: outer?.whole === false,
    lfs: false,
    unread: false,
    builtIn: autocrlf !== undefined && configBoolean(autocrlf) !== false,
  };
  noteAttributes(outer?.text.toString("latin1") ?? "", found);
  let all = 0;
  for (const file of files) {
    const text = readStart(file, attributesBytesMax);
    if (text === undefined && isOddFile(file, Number.MAX_SAFE_INTEGER)) found.unread = true;
    if (text === undefined) continue;
    all += text.length;
    // What lies beyond may name anything.
    if (text.length >= attributesBytesMax || all > allBytesMax) found.filters = true;
    if (all > allBytesMax) break;
    noteAttributes(text, found);
  }
  return found;
}

type Found = { filters: boolean; lfs: boolean; unread: boolean; builtIn: boolean };

function noteAttributes(text: string, found: Found): void {
  for (const line of text.split("\n")) {
    if (/^\s*#/u.test(line)) continue;
    if (/\sfilter(?:=|\s|$)/u.test(line)) found.filters = true;
    if (/\sfilter=lfs(?:\s|$)/u.test(line)) found.lfs = true;
    if (/\s(?:text|crlf|eol|ident|working-tree-encoding)(?:=|\s|$)/u.test(line)) {
      found.builtIn = true;
    }
  }
}

/** Files in which attributes may stand: those of the gitdir and of each folder of the work tree that has a tracked file. */
export function attributeFiles(
  common: Bytes,
  worktree: Bytes | undefined,
  folders: Iterable<string>,
): Bytes[] {
  const written = inside(common, "info/attributes");
  // Git follows a link here, not below the work tree.
  const own = kindAt(written) === "symlink" ? (realPath(written) ?? written) : written;
  if (worktree === undefined) return [own];
  const below = Array.from(folders, (folder) =>
    inside(worktree, Buffer.from(folder === "" ? name : `${folder}/${name}`, "latin1")),
  );
  return [own, ...below];
}

const name = ".gitattributes";
