import { createHash } from "node:crypto";
import type { IgnoreRules } from "../core/ignore.ts";
import { isRelPath, pathBytesMax, pathComponents } from "../core/path/rel-path.ts";
import { noGitRules, trackedKey, type TrackedPaths } from "../core/repo/git-ignored.ts";
import { turn } from "../std/turn.ts";
import { indexEntries, indexExtensions, type IndexEntry } from "./index-file.ts";
import { stampOf } from "./file-stamp.ts";
import { kindAt, readWhole, textOf, type Bytes } from "./read-only.ts";

/** Larger indexes are not read: about 300,000 files. Bytes. */
const indexBytesMax = 32 * 1024 * 1024;

/** Entries that are held against the rules in a row; other work has a turn after them. */
const entriesInARow = 2_000;

const repositoryMode = 0o160000;

/** What an index says of paths that rules would leave out. */
export type Tracked = { readonly tracked: TrackedPaths } | { readonly unclear: string };

/** The index of one work tree; read again only when its size, its inode or its times changed. */
export class TrackedIndex {
  #stamp: string | undefined;
  /** Of the names in it and the rules. */
  #basis: string | undefined;
  #known: Tracked = { tracked: noGitRules.tracked };

  /**
   * Tracked paths that rules would leave out. Without an index nothing is tracked; one that cannot be read, or that leaves names out,
   * tells nothing (G4).
   *
   * @param path the index of a work tree of Git
   */
  async against(path: Bytes, rules: IgnoreRules): Promise<Tracked> {
    const stamp = `${stampOf(path)} ${rules.digest}`;
    if (this.#stamp === stamp) return this.#known;
    this.#stamp = undefined;
    const names = kindAt(path) === undefined ? [] : namesIn(path);
    if (!Array.isArray(names)) return names;
    const basis = basisOf(names, rules);
    if (basis !== this.#basis) {
      this.#known = { tracked: await amongRules(names, rules) };
      this.#basis = basis;
    }
    this.#stamp = stamp;
    return this.#known;
  }
}

type Tracking = { readonly name: string; readonly isRepository: boolean };

function namesIn(path: Bytes): Tracking[] | { readonly unclear: string } {
  const bytes = readWhole(path, indexBytesMax)?.bytes;
  if (bytes === undefined) return { unclear: "cannot be read, or is too large" };
  return entriesOf(bytes, 20) ?? entriesOf(bytes, 32) ?? { unclear: "is none that is known here" };
}

/** Undefined where the bytes are no whole index with ids of that length. */
function entriesOf(
  bytes: Buffer,
  hashBytes: 20 | 32,
): Tracking[] | { readonly unclear: string } | undefined {
  const found: Tracking[] = [];
  const entries = indexEntries(bytes, { hashBytes });
  let step = entries.next();
  for (; step.done !== true; step = entries.next()) {
    if (step.value.path.length > pathBytesMax) return undefined;
    const tracking = trackingOf(step.value);
    if (tracking !== undefined) found.push(tracking);
  }
  const extensions =
    step.value === undefined ? undefined : indexExtensions(bytes, step.value, { hashBytes });
  if (extensions === undefined) return undefined;
  // The names of the one are in another file, those of the other only in trees.
  if (extensions.includes("link")) return { unclear: "is split (core.splitIndex)" };
  if (extensions.includes("sdir")) return { unclear: "is sparse (index.sparse)" };
  return found;
}

/** Undefined for a name that no sync could hold. */
function trackingOf({ path, mode }: IndexEntry): Tracking | undefined {
  const name = textOf(path);
  return isRelPath(name) ? { name, isRepository: mode === repositoryMode } : undefined;
}

function basisOf(names: readonly Tracking[], rules: IgnoreRules): string {
  const hash = createHash("sha256").update(`${rules.digest}\n`);
  for (const { name, isRepository } of names) hash.update(`${isRepository ? "/" : ""}${name}\0`);
  return hash.digest("hex");
}

async function amongRules(names: readonly Tracking[], rules: IgnoreRules): Promise<TrackedPaths> {
  const files = new Set<string>();
  const folders = new Set<string>();
  for (const [at, { name, isRepository }] of names.entries()) {
    if (at % entriesInARow === entriesInARow - 1) await turn();
    if (!isRelPath(name) || !rules.ignores(name, isRepository ? "folder" : "file")) continue;
    const parts = pathComponents(name);
    (isRepository ? folders : files).add(trackedKey(parts));
    for (let depth = 1; depth < parts.length; depth += 1) {
      folders.add(trackedKey(parts.slice(0, depth)));
    }
  }
  return { files, folders };
}
