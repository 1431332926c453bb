import { compareBytes } from "../../src/core/path/rel-path.ts";
import { randomFraction, seededRng } from "../../src/std/random.ts";
import type { Line } from "./memory-look.ts";

type Thing = {
  name: string;
  readonly isFolder: boolean;
  fileId: string;
  size: number;
  mtime: number;
  hash: string;
  readonly children: Thing[];
};

const names = ["a", "b", "c", "d", "A", "B", "\u00e9", "e\u0301"];

/** A tree in memory that a user works on, at random and repeatably. */
export class RandomTree {
  readonly #random: () => number;
  readonly #withIds: boolean;
  readonly #top: Thing;
  #count = 0;

  constructor(seed: number, options: { readonly withIds: boolean }) {
    const rng = seededRng(seed);
    this.#random = () => randomFraction(rng);
    this.#withIds = options.withIds;
    this.#top = this.#make("", true);
    this.#fill(this.#top, 0);
  }

  /** Folders before what they hold, siblings in the order of their names. */
  lines(folder: Thing = this.#top, above = ""): Line[] {
    const sorted = folder.children.toSorted((a, b) => compareBytes(a.name, b.name));
    return sorted.flatMap((thing) => {
      const path = above === "" ? thing.name : `${above}/${thing.name}`;
      const { fileId, size, mtime, hash } = thing;
      const kind = thing.isFolder ? ("folder" as const) : ("file" as const);
      const facts = { fileId, size, mtime: String(mtime), hash, isShut: false };
      return [{ path, kind, ...facts }, ...this.lines(thing, path)];
    });
  }

  /** One thing that a user does; nothing where it does not apply. */
  step(): void {
    const steps = [
      () => this.#move(),
      () => this.#move(),
      () => this.#rename(),
      () => this.#edit(),
      () => this.#saveByRenaming(),
      () => this.#remove(),
      () => this.#create(),
      () => this.#wrap(),
      () => this.#swap(),
      () => this.#link(),
      () => this.#replaceFolder(),
    ];
    steps[Math.floor(this.#random() * steps.length)]?.();
  }

  /** Every inode is another one, as on a disk that was put back. */
  newInodes(folder: Thing = this.#top): void {
    for (const thing of folder.children) {
      thing.fileId = this.#newId();
      this.newInodes(thing);
    }
  }

  #newId(): string {
    this.#count += 1;
    return this.#withIds ? `#${this.#count}` : "";
  }

  #make(name: string, isFolder: boolean): Thing {
    const fileId = this.#newId();
    const time = this.#count;
    const state = { size: isFolder ? 0 : 1 + (time % 5), mtime: time, hash: `=${time}` };
    return { name, isFolder, fileId, ...state, children: [] };
  }

  #fill(folder: Thing, depth: number): void {
    for (const name of names) {
      if (this.#random() < 0.5) continue;
      const thing = this.#make(name, depth < 3 && this.#random() < 0.4);
      folder.children.push(thing);
      if (thing.isFolder) this.#fill(thing, depth + 1);
    }
  }

  #all(folder: Thing = this.#top): { thing: Thing; folder: Thing }[] {
    return folder.children.flatMap((thing) => [{ thing, folder }, ...this.#all(thing)]);
  }

  #pick(
    isWanted: (thing: Thing) => boolean = () => true,
  ): { thing: Thing; folder: Thing } | undefined {
    const all = this.#all().filter(({ thing }) => isWanted(thing));
    return all[Math.floor(this.#random() * all.length)];
  }

  #freeName(folder: Thing): string | undefined {
    const free = names.filter((name) => !folder.children.some((thing) => thing.name === name));
    return free[Math.floor(this.#random() * free.length)];
  }

  #folder(): Thing {
    const folders = [this.#top, ...this.#all().map(({ thing }) => thing)].filter(
      ({ isFolder }) => isFolder,
    );
    return folders[Math.floor(this.#random() * folders.length)] ?? this.#top;
  }

  #move(): void {
    const picked = this.#pick();
    const to = this.#folder();
    if (picked === undefined || to === picked.thing) return;
    if (this.#all(picked.thing).some(({ thing }) => thing === to)) return;
    const isTaken = to.children.some(({ name }) => name === picked.thing.name);
    const name = isTaken ? this.#freeName(to) : picked.thing.name;
    if (name === undefined) return;
    drop(picked);
    picked.thing.name = name;
    to.children.push(picked.thing);
  }

  #rename(): void {
    const picked = this.#pick();
    const name = picked && this.#freeName(picked.folder);
    if (picked !== undefined && name !== undefined) picked.thing.name = name;
  }

  #edit(): void {
    const picked = this.#pick(({ isFolder }) => !isFolder);
    if (picked === undefined) return;
    const id = picked.thing.fileId;
    this.#count += 1;
    for (const { thing } of this.#all()) {
      if (thing !== picked.thing && (id === "" || thing.fileId !== id)) continue;
      Object.assign(thing, { size: 7, mtime: this.#count, hash: `=${this.#count}` });
    }
  }

  #saveByRenaming(): void {
    const picked = this.#pick(({ isFolder }) => !isFolder);
    if (picked === undefined) return;
    drop(picked);
    picked.folder.children.push(this.#make(picked.thing.name, false));
  }

  #remove(): void {
    const picked = this.#pick();
    if (picked !== undefined) drop(picked);
  }

  #create(): void {
    const folder = this.#folder();
    const name = this.#freeName(folder);
    if (name !== undefined) folder.children.push(this.#make(name, this.#random() < 0.3));
  }

  /** A new folder takes the place of something, which goes into it. */
  #wrap(): void {
    const picked = this.#pick();
    if (picked === undefined) return;
    const around = this.#make(picked.thing.name, true);
    drop(picked);
    picked.folder.children.push(around);
    around.children.push(picked.thing);
    picked.thing.name = names[Math.floor(this.#random() * names.length)] ?? "a";
  }

  #swap(): void {
    const [a, b] = [this.#pick(), this.#pick()];
    if (a === undefined || b === undefined || a.folder === b.thing || b.folder === a.thing) return;
    if (a.folder !== b.folder) return;
    [a.thing.name, b.thing.name] = [b.thing.name, a.thing.name];
  }

  #link(): void {
    const picked = this.#pick(({ isFolder }) => !isFolder);
    const folder = this.#folder();
    const name = this.#freeName(folder);
    if (picked === undefined || name === undefined || !this.#withIds) return;
    folder.children.push({ ...picked.thing, name, children: [] });
  }

  /** A folder is made anew under its name, with some of what it held copied. */
  #replaceFolder(): void {
    const picked = this.#pick(({ isFolder }) => isFolder);
    if (picked === undefined) return;
    const made = this.#make(picked.thing.name, true);
    for (const child of picked.thing.children) {
      if (child.isFolder || this.#random() < 0.5) continue;
      made.children.push({ ...child, fileId: this.#newId(), children: [] });
    }
    drop(picked);
    picked.folder.children.push(made);
  }
}

function drop({ thing, folder }: { thing: Thing; folder: Thing }): void {
  folder.children.splice(folder.children.indexOf(thing), 1);
}
