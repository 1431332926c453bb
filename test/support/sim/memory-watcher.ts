import type { WatchMarks } from "../../../src/core/live/waiting.ts";
import { isRelPath, type RelPath } from "../../../src/core/path/rel-path.ts";
import type { Dice } from "./dice.ts";
import type { Inode } from "./inode.ts";
import { shown } from "./memory-disk.ts";
import type { DiskChange, Volume } from "./volume.ts";

/** How well a watcher tells of changes. */
export type Watchfulness = {
  /** Share of what is told late, and in another order. */
  readonly late: number;
  /** Share of what is never told. */
  readonly dropped: number;
  /** Share of the changes after which everything is lost, and said to be. */
  readonly lost: number;
};

/** Tells of changes on a disk in memory, as the watchers of real ones do: mostly. */
export class MemoryWatcher {
  /** Of the process that listens now, if any does. */
  marks: WatchMarks | undefined;
  readonly #top: () => Inode | undefined;
  readonly #dice: Dice;
  readonly #watchfulness: Watchfulness;
  #late: RelPath[] = [];

  constructor(
    volume: Volume,
    options: {
      readonly top: () => Inode | undefined;
      readonly dice: Dice;
      readonly watchfulness: Watchfulness;
    },
  ) {
    this.#top = options.top;
    this.#dice = options.dice;
    this.#watchfulness = options.watchfulness;
    volume.onChange = (change) => this.#changed(change);
  }

  /** Some of what is late, or all of it. */
  deliver(share = 1): void {
    const told = this.#late.filter(() => share === 1 || this.#dice.chance(share));
    this.#late = this.#late.filter((path) => !told.includes(path));
    if (told.length > 0) this.marks?.changed(told.toReversed());
  }

  /** Another process listens from now on, or none. What was on its way is not for it. */
  listen(marks: WatchMarks | undefined): void {
    this.marks = marks;
    this.#late = [];
  }

  #changed(change: DiskChange): void {
    if (this.marks === undefined) return;
    const { late, dropped, lost } = this.#watchfulness;
    for (const path of this.#pathsOf(change)) {
      if (this.#dice.chance(dropped)) continue;
      if (this.#dice.chance(late)) this.#late.push(path);
      else this.marks.changed([path]);
    }
    if (!this.#dice.chance(lost)) return;
    this.#late = [];
    this.marks.lost("overflow");
  }

  #pathsOf(change: DiskChange): readonly RelPath[] {
    if ("folder" in change) {
      const folder = this.#pathOf(change.folder);
      const name = shown(change.name);
      const path = folder === "" ? name : `${folder}/${name}`;
      return folder === undefined || !isRelPath(path) ? [] : [path];
    }
    const top = this.#top();
    return top === undefined ? [] : [...namesOf(change.node, top, "")];
  }

  /** Undefined for what is not below the top. */
  #pathOf(folder: Inode): string | undefined {
    const names: string[] = [];
    const top = this.#top();
    for (let at = folder; at !== top;) {
      const { parent } = at;
      const entry = [...(parent?.entries.values() ?? [])].find(({ node }) => node === at);
      if (parent === undefined || entry === undefined) return undefined;
      names.unshift(shown(entry.name));
      at = parent;
    }
    return names.join("/");
  }
}

/** Each name of a file below a folder. */
function* namesOf(wanted: Inode, folder: Inode, path: string): Generator<RelPath> {
  for (const { name, node } of folder.entries.values()) {
    const at = path === "" ? shown(name) : `${path}/${shown(name)}`;
    if (node === wanted && isRelPath(at)) yield at;
    if (node.kind === "folder" && at !== ".snap") yield* namesOf(wanted, node, at);
  }
}
