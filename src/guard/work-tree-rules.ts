import { rulesOf, type IgnoreRules } from "../core/ignore.ts";
import type { RelPath } from "../core/path/rel-path.ts";
import { gitRulesAtTop, noGitRules } from "../core/repo/git-ignored.ts";
import { isSnapError } from "../std/error.ts";
import { isAsSeen, seenAt, type Seen } from "./file-stamp.ts";
import { kindAt, readWhole, type Bytes } from "./read-only.ts";

/** A larger file of rules is not read, bytes. */
const rulesBytesMax = 256 * 1024;

/** Files with rules in one work tree: each of them makes all rules anew. */
const filesMax = 1_000;

/** Rules by their text. */
export type CompiledRules = ReadonlyMap<string, IgnoreRules>;

/** The rules of one work tree, in the order in which they grow stronger (gitignore(5)), within the bounds of `.mignore` (X24). */
export class GatheredRules {
  /** What came to be on the way, for the next look. */
  readonly compiled: Map<string, IgnoreRules> = new Map();
  /** Why they are not all known, as the end of a sentence. */
  trouble: string | undefined;
  readonly #before: CompiledRules;
  readonly #now: number;
  readonly #read: { readonly path: Bytes; readonly seen: Seen }[] = [];
  readonly #lines: string[] = [];
  #rules: IgnoreRules = noGitRules.rules;
  #files = 0;

  /**
   * @param before of the last look: what is as it was is not read anew
   * @param now ms since 1970
   */
  constructor(before: CompiledRules, now: number) {
    this.#before = before;
    this.#now = now;
  }

  /** Whether all that was read for them is surely as it was. */
  areAsBefore(): boolean {
    return this.#read.every(({ path, seen }) => isAsSeen(seen, path));
  }

  /** What they depend on besides the files with rules. */
  dependOn(path: Bytes): void {
    this.#read.push({ path, seen: seenAt(path, this.#now) });
  }

  /** Rules as far as they were gathered. With trouble they are those that are known. */
  now(): IgnoreRules {
    return this.#rules;
  }

  /**
   * Read one more file. A link is none, as for Git.
   *
   * @param folder the one whose rules they are, below the work tree
   */
  add(folder: RelPath, path: Bytes): void {
    this.dependOn(path);
    if (this.trouble !== undefined || kindAt(path) !== "file") return;
    const bytes = readWhole(path, rulesBytesMax)?.bytes;
    this.#files += 1;
    if (bytes === undefined || this.#files > filesMax) {
      const name = `"${path.toString()}"`;
      this.trouble =
        bytes === undefined
          ? `${name} cannot be read, or is over ${rulesBytesMax / 1024} KiB`
          : `it has more than ${filesMax} files with rules`;
      return;
    }
    const lines = gitRulesAtTop(folder, bytes.toString("utf8"));
    if (lines.length === 0) return;
    this.#lines.push(...lines);
    this.#compile(path);
  }

  #compile(path: Bytes): void {
    const text = this.#lines.join("\n");
    try {
      this.#rules = this.#before.get(text) ?? rulesOf(text);
      this.compiled.set(text, this.#rules);
    } catch (error) {
      if (!isSnapError(error, "settings-invalid")) throw error;
      this.trouble = `"${path.toString()}" has rules, or makes them so many, that they are beyond our bounds`;
    }
  }
}
