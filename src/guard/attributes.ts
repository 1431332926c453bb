import { configBoolean, configValue, type GitConfig } from "./git-config.ts";
import { inside, readStart, type Bytes } from "./read-only.ts";

/** What stands between a file and its content in the repository (gitattributes(5)). */
export type Conversions = {
  /** A program would have to be run; it never is (G5). */
  readonly filters: boolean;
  /** One of them is that of Large File Storage. */
  readonly lfs: boolean;
  /** Line ends, encodings or keywords: Git converts them itself. */
  readonly builtIn: boolean;
};

const attributesBytesMax = 64 * 1024;

/** So much is read of all of them together: one file may have many names. Bytes. */
const allBytesMax = 32 * 1024 * 1024;

/** Which attributes the files of these folders have, whichever pattern they are for. */
export function conversionsOf(files: Iterable<Bytes>, config: GitConfig): Conversions {
  const autocrlf = configValue(config, "core.autocrlf");
  const found = {
    filters: false,
    lfs: false,
    builtIn: autocrlf !== undefined && configBoolean(autocrlf) !== false,
  };
  let all = 0;
  for (const file of files) {
    const text = readStart(file, attributesBytesMax);
    if (text === undefined) continue;
    all += text.length;
    // What lies beyond may name anything.
    if (text.length >= attributesBytesMax || all > allBytesMax) found.filters = true;
    if (all > allBytesMax) break;
    noteAttributes(text, found);
  }
  return found;
}

type Found = { filters: boolean; lfs: boolean; builtIn: boolean };

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
  const own = inside(common, "info/attributes");
  if (worktree === undefined) return [own];
  const below = Array.from(folders, (folder) =>
    inside(worktree, Buffer.from(folder === "" ? name : `${folder}/${name}`, "latin1")),
  );
  return [own, ...below];
}

const name = ".gitattributes";
