import { chmodSync, copyFileSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { systemCode } from "../std/error.ts";
import { isRefName } from "../core/repo/ref-name.ts";
import type { Tip } from "./damage-tips.ts";
import { flushAt, flushToDisk, type Flush } from "./durable.ts";
import { inside, kindAt, type Bytes } from "./read-only.ts";
import { Unproven } from "./unproven.ts";

/** A ref of the staged repository that keeps a commit of the present one. */
export type KeptRef = {
  readonly ref: string;
  readonly oid: string;
  /** What names it in the present one: `refs/heads/main`, `stash@{1}`. */
  readonly from: string;
};

/** Where is written, and how it becomes durable. */
export type KeepPlace = {
  /** Gitdir of a repository of ours, without a link among the folders that are written to. */
  readonly staged: Bytes;
  /** A part of the refs' names. */
  readonly id: string;
  readonly flush?: Flush | undefined;
};

/** Writes a pack and refs into a staged repository (G53), each durable before what leads to it. */
export class Keeper {
  readonly #staged: Bytes;
  readonly #top: string;
  readonly #flush: Flush;
  readonly #added: Bytes[] = [];

  constructor({ staged, id, flush = flushToDisk }: KeepPlace) {
    this.#staged = staged;
    this.#top = `refs/snap/before/${id}`;
    this.#flush = flush;
  }

  /** @param files a pack, then its index */
  async addPack(files: readonly string[]): Promise<void> {
    const packs = inside(this.#staged, "objects/pack");
    mkdirSync(packs, { recursive: true });
    for (const file of files) {
      const place = inside(packs, file.slice(file.lastIndexOf("/") + 1));
      if (kindAt(place) !== undefined) continue;
      this.#added.push(place);
      copyFileSync(file, place);
      chmodSync(place, 0o444);
      await flushAt(place, this.#flush);
    }
    await this.#flushFolders(["objects/pack", "objects"]);
  }

  /** A ref for each, below a folder that is not there yet. */
  async writeRefs(tips: readonly Tip[]): Promise<KeptRef[]> {
    mkdirSync(inside(this.#staged, this.#top), { recursive: true });
    const kept: KeptRef[] = [];
    for (const [at, { name, oid }] of tips.entries()) {
      const own = `${this.#top}/${tailOf(name)}`;
      const other = `${this.#top}/other/${at}-${oid.slice(0, 8)}`;
      const ref = [own, other].find((one) => this.#writeRef(one, oid));
      if (ref === undefined) throw new Unproven("ref-not-written");
      await flushAt(inside(this.#staged, ref), this.#flush);
      kept.push({ ref, oid, from: name });
    }
    await this.#flushFolders(foldersOf(kept.map(({ ref }) => ref)));
    return kept;
  }

  /** What was written, refs first. */
  takeBack(): void {
    rmSync(inside(this.#staged, this.#top), { recursive: true, force: true });
    for (const file of this.#added.toReversed()) rmSync(file, { force: true });
  }

  /** False where the name cannot be had beside another: `a` beside `a/b`, `A` beside `a` on some disks. */
  #writeRef(ref: string, oid: string): boolean {
    if (!isRefName(ref)) return false;
    const place = inside(this.#staged, ref);
    try {
      mkdirSync(place.subarray(0, place.lastIndexOf(0x2f)), { recursive: true });
      writeFileSync(place, `${oid}\n`, { flag: "wx" });
      return true;
    } catch (error) {
      if (taken.has(systemCode(error) ?? "")) return false;
      throw error;
    }
  }

  async #flushFolders(folders: readonly string[]): Promise<void> {
    for (const folder of folders) await flushAt(inside(this.#staged, folder), this.#flush);
  }
}

/** `refs/heads/main` → `heads/main`, `stash@{1}` → `stashes/1`. */
function tailOf(name: string): string {
  const stash = /^stash@\{(?<at>\d+)\}$/u.exec(name)?.groups?.["at"];
  return stash === undefined ? name.replace(/^refs\//u, "") : `stashes/${stash}`;
}

const taken: ReadonlySet<string> = new Set(["EEXIST", "EISDIR", "ENOTDIR", "ENAMETOOLONG"]);

/** All folders on the way to these, the deepest first. */
function foldersOf(refs: readonly string[]): string[] {
  const folders = new Set<string>();
  for (const ref of refs) {
    for (let at = ref.lastIndexOf("/"); at > 0; at = ref.lastIndexOf("/", at - 1)) {
      folders.add(ref.slice(0, at));
    }
  }
  return [...folders].toSorted((a, b) => b.split("/").length - a.split("/").length);
}
