import { mkdirSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readHead } from "./gitdir.ts";
import type { GitConfig } from "./git-config.ts";
import { inTurns } from "../std/steps.ts";
import { refsInSteps, type GitPlaces, type Refs } from "./git-refs.ts";
import { isRefName } from "../core/repo/ref-name.ts";
import type { HeadText } from "./git-text.ts";
import { indexEntries, indexExtensions } from "./index-file.ts";
import { inside, kindAt, readFolder, readWhole, realPath, type Bytes } from "./read-only.ts";
import { shadowConfig, type StorageFormat } from "./shadow-config.ts";
import { Unproven } from "./unproven.ts";

/** What a shadow stands for. */
export type ShadowPlaces = GitPlaces & {
  /** Folder with the files; undefined where there is none, or it does not matter. */
  readonly worktree?: Bytes | undefined;
  /** Configurations that count, the weakest first: those of the user, the repository's, the worktree's. */
  readonly configs: readonly GitConfig[];
  readonly format: StorageFormat;
  /** Those that were read already; they are read where they are not given. */
  readonly refs?: Refs | undefined;
  /** Attributes that hold for every repository, as they were read. */
  readonly attributes?: Buffer | undefined;
};

/** The greatest index that is copied: about a million files. */
export const indexBytesMax: number = 128 * 1024 * 1024;
const textBytesMax = 16 * 1024 * 1024;
const tablesMax = 1024;

/** What is copied of one repository's tables or indexes is not more together. Bytes. */
const copiedBytesMax = 256 * 1024 * 1024;

const unreadableHead = "ref: refs/heads/snap-head-unreadable\n";

/**
 * Fill a new gitdir with copies, so that Git finds in it what it would find in the other one (G33). Refs are written into one
 * file; what is no name of a ref is left out.
 *
 * @returns the work tree as Git is to be told
 * @throws {Unproven}
 */
export async function furnishShadow(
  target: string,
  places: ShadowPlaces,
  readsReftable: boolean,
): Promise<string | undefined> {
  mkdirSync(join(target, "objects/info"), { recursive: true });
  mkdirSync(join(target, "info"));
  mkdirSync(join(target, "refs"));
  const alternate = inside(places.common, "objects");
  writeFileSync(join(target, "objects/info/alternates"), alternateLine(alternate));
  const attributesFile = join(target, "info/snap-attributes");
  writeFileSync(attributesFile, places.attributes ?? "");
  writeFileSync(join(target, "config"), shadowConfig({ ...places, attributesFile }));
  if (places.format.refs === "reftable") copyTables(target, places, readsReftable);
  else await copyRefs(target, places);
  copyIndex(target, places.gitdir, places.format.objects === "sha256" ? 32 : 20);
  for (const name of ["shallow", "info/exclude", "info/attributes"]) {
    copyText(join(target, name), inside(places.common, name));
  }
  copyText(join(target, "info/sparse-checkout"), inside(places.gitdir, "info/sparse-checkout"));
  return worktreeName(target, places.worktree);
}

/** A path in quotes where it has bytes that mean something in a list of alternates. */
function alternateLine(path: Bytes): Buffer {
  const isPlain = !path.includes('"') && !path.includes("\n") && !path.includes("\\");
  if (isPlain) return Buffer.concat([path, Buffer.from("\n")]);
  const quoted = Array.from(path, (byte) =>
    byte < 0x20 || byte >= 0x7f || byte === 0x22 || byte === 0x5c
      ? `\\${byte.toString(8).padStart(3, "0")}`
      : String.fromCharCode(byte),
  );
  return Buffer.from(`"${quoted.join("")}"\n`);
}

async function copyRefs(target: string, places: ShadowPlaces): Promise<void> {
  const refs = places.refs ?? (await inTurns(refsInSteps(places))).refs;
  writeFileSync(join(target, "packed-refs"), packedText(refs));
  writeFileSync(join(target, "HEAD"), headText(readHead(places.gitdir)));
}

function packedText(refs: Refs): string {
  const lines = Array.from(refs, ([name, oid]) => `${oid} ${name}\n`);
  return `# pack-refs with:\n${lines.join("")}`;
}

function headText(head: HeadText | undefined): string {
  if (head?.kind === "oid") return `${head.oid}\n`;
  return head !== undefined && isRefName(head.ref) ? `ref: ${head.ref}\n` : unreadableHead;
}

/** Refs in tables are copied as they are; those of one worktree cannot be put beside the common ones. */
function copyTables(target: string, { gitdir, common }: GitPlaces, canRead: boolean): void {
  if (!canRead || !gitdir.equals(common)) throw new Unproven("reftable");
  const from = inside(common, "reftable");
  const entries = kindAt(from) === "folder" ? readFolder(from) : [];
  if (entries.length > tablesMax) throw new Unproven("reftable");
  mkdirSync(join(target, "reftable"));
  let copied = 0;
  for (const { name } of entries) {
    if (!/^(?:tables\.list|[\w.-]+\.ref)$/u.test(name)) continue;
    copied += copyText(join(target, "reftable", name), inside(from, name));
    if (copied > copiedBytesMax) throw new Unproven("reftable");
  }
  writeFileSync(join(target, "HEAD"), "ref: refs/heads/.invalid\n");
  writeFileSync(join(target, "refs/heads"), "this repository uses the reftable format\n");
}

/** Git follows a link here, and so does this: what is at its end is text, and only ever read. @returns bytes that were copied */
function copyText(target: string, source: Bytes): number {
  if (kindAt(source) === undefined) return 0;
  const end = realPath(source);
  const file = end && readWhole(end, textBytesMax);
  if (file === undefined) throw new Unproven("file-not-read");
  writeFileSync(target, file.bytes);
  return file.bytes.length;
}

/**
 * The index and the shared one it may build on. Their times go with them, a little earlier: a file that was written in the same
 * moment as the index has to be read again, not taken for unchanged (git-update-index(1), racy).
 */
function copyIndex(target: string, gitdir: Bytes, hashBytes: 20 | 32): void {
  const names = readFolder(gitdir).map(({ name }) => name);
  const shared = names.filter((name) => /^sharedindex\.[0-9a-f]{40,64}$/u.test(name));
  let copied = 0;
  for (const name of ["index", ...shared]) {
    const source = inside(gitdir, name);
    const file = readWhole(source, indexBytesMax);
    if (file === undefined) {
      if (kindAt(source) !== undefined) throw new Unproven("index-not-read");
      continue;
    }
    copied += file.bytes.length;
    if (copied > copiedBytesMax) throw new Unproven("index-not-read");
    if (!isSafe(file.bytes, hashBytes)) continue;
    const path = join(target, name);
    writeFileSync(path, file.bytes);
    const earlier = earlierSeconds(file.modifiedMs);
    utimesSync(path, earlier, earlier);
  }
}

/** A moment before a time, in seconds: what is given to the copy of an index. */
export function earlierSeconds(timeMs: number): number {
  return timeMs / 1000 - 2e-6;
}

/**
 * Whether an index may be shown to Git. Where whole folders stand in it as one entry, Git fills it up when it reads it, and writes
 * the trees for that: the packs that hold them already would get a new time (G3). One that we cannot read may be such a one.
 */
function isSafe(bytes: Buffer, hashBytes: 20 | 32): boolean {
  const entries = indexEntries(bytes, { hashBytes });
  let step = entries.next();
  while (step.done !== true) step = entries.next();
  const end = step.value;
  const extensions = end === undefined ? undefined : indexExtensions(bytes, end, { hashBytes });
  return extensions !== undefined && !extensions.includes("sdir");
}

/** A path that is no UTF-8 cannot be given in a variable: a link of ours leads there. */
function worktreeName(target: string, worktree: Bytes | undefined): string | undefined {
  if (worktree === undefined) return undefined;
  const text = worktree.toString("utf8");
  if (Buffer.from(text).equals(worktree)) return text;
  const link = join(target, "snap-worktree");
  symlinkSync(worktree, link);
  return link;
}
