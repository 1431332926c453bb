import { isSnapError } from "../../../src/std/error.ts";
import type { Dice } from "./dice.ts";
import type { Ledger } from "./ledger.ts";
import { pathTo, type CloudNode, type MemoryCloud } from "./memory-cloud.ts";

const namePool = [
  "a.txt",
  "b.txt",
  "c",
  "A.txt",
  "d.md",
  "é.txt",
  "sub",
  "Sub",
  "dir",
  "deep",
  "skip.log",
];
const nodesMax = 14;
const untouched = ["keep.txt", ".mignore"];

/** Another device of the user, of whatever make: it acts on the linked folder directly. */
export class CloudUser {
  readonly #cloud: MemoryCloud;
  readonly #dice: Dice;
  readonly #ledger: Ledger;
  readonly #now: () => number;

  constructor(
    cloud: MemoryCloud,
    options: { readonly dice: Dice; readonly ledger: Ledger; readonly now: () => number },
  ) {
    this.#cloud = cloud;
    this.#dice = options.dice;
    this.#ledger = options.ledger;
    this.#now = options.now;
  }

  /** One thing that a user does there; undefined where the server would not have it. */
  act(): string | undefined {
    const [does, act] = this.#dice.pick<readonly [string, () => string | undefined]>([
      ["creates", () => this.#create(this.#place())],
      ["creates", () => this.#create(this.#place())],
      ["edits", () => this.#edit()],
      ["edits", () => this.#edit()],
      ["edits", () => this.#edit()],
      ["deletes", () => this.#remove(this.#any())],
      ["moves", () => this.#move()],
      ["moves", () => this.#move()],
      ["swaps", () => this.#swap()],
      ["replaces", () => this.#replaceKind()],
      ["makes", () => this.#makeFolder()],
      ["renames", () => this.#renameCase()],
      ["shares", () => this.#share()],
    ]);
    try {
      const about = act();
      return about === undefined ? undefined : `cloud ${does} ${about}`;
    } catch (error) {
      if (isSnapError(error)) return undefined;
      throw error;
    }
  }

  write(path: string, bytes: Uint8Array): void {
    const before = this.#cloud.at(path);
    const old = before?.kind === "file" ? before.bytes : undefined;
    this.#cloud.write(path, { bytes, replaces: "any", modified: this.#now() });
    this.#ledger.wrote(`cloud ${path}`, bytes, old);
  }

  #place(): string {
    const folders = this.#nodes().filter(
      (node) => node.kind === "folder" && pathTo(node).split("/").length < 3,
    );
    const folder =
      this.#dice.chance(0.4) || folders.length === 0 ? "" : `${pathTo(this.#dice.pick(folders))}/`;
    return folder + this.#dice.pick(namePool);
  }

  #any(kind?: CloudNode["kind"]): CloudNode | undefined {
    const fit = this.#nodes().filter(
      (node) => !untouched.includes(pathTo(node)) && (kind === undefined || node.kind === kind),
    );
    return fit.length === 0 ? undefined : this.#dice.pick(fit);
  }

  /** What stands under a staging name of a client is nobody's to touch. */
  #nodes(): CloudNode[] {
    return this.#cloud.all().filter((node) => !pathTo(node).startsWith(".snap"));
  }

  #create(path: string): string | undefined {
    if (this.#nodes().length > nodesMax || this.#cloud.at(path) !== undefined) return undefined;
    this.write(path, this.#ledger.token(8 + this.#dice.below(12)));
    return path;
  }

  #edit(): string | undefined {
    const file = this.#any("file");
    if (file === undefined) return undefined;
    const path = pathTo(file);
    this.write(path, this.#ledger.token(8 + this.#dice.below(12)));
    return path;
  }

  #remove(node: CloudNode | undefined): string | undefined {
    if (node === undefined) return undefined;
    const path = pathTo(node);
    const gone = this.#nodes().filter((one) => `${pathTo(one)}/`.startsWith(`${path}/`));
    this.#cloud.remove(path);
    for (const { kind, bytes } of gone) if (kind === "file") this.#ledger.gaveUp(bytes);
    return path;
  }

  #move(): string | undefined {
    const node = this.#any();
    if (node === undefined) return undefined;
    const [from, to] = [pathTo(node), this.#place()];
    this.#cloud.move(from, to);
    return `${from} ${to}`;
  }

  #swap(): string | undefined {
    const [a, b] = [this.#any(), this.#any()];
    if (a === undefined || b === undefined || a === b) return undefined;
    const [pathA, pathB] = [pathTo(a), pathTo(b)];
    if (`${pathA}/`.startsWith(`${pathB}/`) || `${pathB}/`.startsWith(`${pathA}/`))
      return undefined;
    const aside = `swap-${this.#dice.below(1_000)}`;
    this.#cloud.move(pathA, aside);
    this.#cloud.move(pathB, pathA);
    this.#cloud.move(aside, pathB);
    return `${pathA} ${pathB}`;
  }

  #replaceKind(): string | undefined {
    const node = this.#any();
    const path = this.#remove(node);
    if (node === undefined || path === undefined) return undefined;
    if (node.kind === "file") this.#cloud.makeFolder(path);
    else this.#create(path);
    return path;
  }

  #makeFolder(): string {
    const path = this.#place();
    this.#cloud.makeFolder(path);
    return path;
  }

  #renameCase(): string | undefined {
    const node = this.#any();
    if (node === undefined) return undefined;
    const from = pathTo(node);
    const upper = node.name.toUpperCase();
    const name = upper === node.name ? node.name.toLowerCase() : upper;
    this.#cloud.move(from, from.slice(0, from.length - node.name.length) + name);
    return `${from} ${name}`;
  }

  #share(): string | undefined {
    const folder = this.#any("folder");
    if (folder === undefined) return undefined;
    this.#cloud.share(pathTo(folder));
    return pathTo(folder);
  }
}
