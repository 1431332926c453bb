import fs from "node:fs";
import path from "node:path";
import { hash } from "node:crypto";
import { randomFraction, type Rng } from "../../src/std/random.ts";

/** How large a random tree is. */
export type TreeSize = { readonly entries: number; readonly depth: number };

/** All that a restore brings back of one place. */
export type Standing = {
  readonly kind: "file" | "folder" | "symlink";
  readonly mode: number;
  readonly modifiedNs: bigint;
  readonly owner: string;
  readonly content: string;
  /** The first name, in order, of the file that this is one more name of. */
  readonly sameAs: string | undefined;
};

/** A name with every letter that a file system takes, of those that are valid UTF-8. */
const allLetters = Array.from({ length: 0x17f }, (_one, code) => code + 1)
  .filter((code) => code !== 0x2f)
  .map((code) => String.fromCodePoint(code));

const oddNames = [
  "-rf",
  "--",
  "-",
  " ",
  ". ",
  "...",
  "new\nline",
  "tab\there",
  "back\\slash",
  "quo\"te's",
  "$(echo no)",
  "`no`",
  "*?[a]",
  "a".repeat(255),
  "é".repeat(127),
  "caf\u00e9",
  "cafe\u0301",
  "A",
  "a",
  "\u202egnp.exe",
  "😀",
  "\uffff",
  "con",
  "nul.txt",
  "ends.",
  "ends ",
  "%2e%2e",
];

const modes = [0o644, 0o755, 0o600, 0o000, 0o777, 0o111, 0o222, 0o4755, 0o2755, 0o1777, 0o7777];

/** Before 1970, around now with every digit, and as far ahead as common file systems and 64 bits of nanoseconds go. */
const times = ["-86400.5", "-1", "0", "1", "1700000000.123456", "1899999999.999999", "7258118400"];

/** Given by root alone. */
const owners = [
  [0, 0],
  [1000, 1000],
  [33, 0],
  [65_534, 65_534],
  [4_294_967_294, 7],
] as const;

const targets = ["/", "/etc/passwd", "nowhere", "..", "../..", ".", "a/b", "new\nline", "-rf"];

/** Makes a random tree below a folder that is there and empty; the same for the same numbers. */
export class RandomTree {
  readonly #top: string;
  readonly #rng: Rng;
  readonly #folders: string[] = [""];
  readonly #files: string[] = [];

  constructor(top: string, rng: Rng) {
    this.#top = top;
    this.#rng = rng;
  }

  make({ entries, depth }: TreeSize): void {
    for (let count = 0; count < entries; count += 1) {
      const folder = this.#one(this.#folders);
      const place = path.join(folder, this.#name());
      if (fs.lstatSync(this.#at(place), { throwIfNoEntry: false }) === undefined) {
        this.#add(place, folder.split("/").length < depth);
      }
    }
    for (const folder of this.#folders.toReversed()) if (folder !== "") this.#dress(folder);
  }

  #add(place: string, mayBeFolder: boolean): void {
    const chance = randomFraction(this.#rng);
    if (chance < 0.3 && mayBeFolder) {
      fs.mkdirSync(this.#at(place));
      this.#folders.push(place);
    } else if (chance < 0.42) {
      fs.symlinkSync(this.#one([...targets, ...this.#files]), this.#at(place));
      this.#own(place);
      this.#time(place);
    } else if (chance < 0.55 && this.#files.length > 0) {
      fs.linkSync(this.#at(this.#one(this.#files)), this.#at(place));
    } else {
      this.#file(place, chance);
    }
  }

  #file(place: string, chance: number): void {
    const fd = fs.openSync(this.#at(place), "wx");
    // A hole of several blocks with something at its end; else up to some kB, or nothing.
    const size = chance > 0.98 ? 9 * 1024 * 1024 : Math.floor(randomFraction(this.#rng) * 9_000);
    const bytes = this.#rng.bytes(chance < 0.65 ? 0 : Math.min(size, 9_000));
    fs.ftruncateSync(fd, chance < 0.65 ? 0 : size);
    fs.writeSync(fd, bytes, 0, bytes.length, Math.max(0, size - bytes.length));
    fs.closeSync(fd);
    this.#files.push(place);
    this.#dress(place);
  }

  /** Children first: what is made in a folder changes its time. */
  #dress(place: string): void {
    this.#own(place);
    fs.chmodSync(this.#at(place), this.#one(modes));
    this.#time(place);
  }

  #own(place: string): void {
    const [user, group] = this.#one(owners);
    if (process.getuid?.() === 0) fs.lchownSync(this.#at(place), user, group);
  }

  #time(place: string): void {
    const time = this.#one(times);
    fs.lutimesSync(this.#at(place), time, time);
  }

  #name(): string {
    if (randomFraction(this.#rng) < 0.5) return this.#one(oddNames);
    const length = 1 + Math.floor(randomFraction(this.#rng) * 20);
    const name = Array.from({ length }, () => this.#one(allLetters)).join("");
    return name === "." || name === ".." ? "dots" : name;
  }

  #one<T>(choices: readonly T[]): T {
    const chosen = choices[Math.floor(randomFraction(this.#rng) * choices.length)];
    if (chosen === undefined) throw new RangeError("nothing to choose from");
    return chosen;
  }

  #at(place: string): string {
    return path.join(this.#top, place);
  }
}

/** Everything below a folder, `.snap/` left out, in order. */
export function standingIn(top: string): ReadonlyMap<string, Standing> {
  const found = new Map<string, Standing>();
  const firstOf = new Map<string, string>();
  for (const name of namesBelow(top, "").toSorted()) {
    const at = path.join(top, name);
    const stat = fs.lstatSync(at, { bigint: true });
    const own = `${stat.dev}:${stat.ino}`;
    const isNamedTwice = stat.isFile() && stat.nlink > 1n;
    found.set(name, {
      kind: stat.isDirectory() ? "folder" : stat.isSymbolicLink() ? "symlink" : "file",
      mode: stat.isSymbolicLink() ? 0 : Number(stat.mode) & 0o7777,
      modifiedNs: stat.mtimeNs,
      owner: `${stat.uid}:${stat.gid}`,
      content: contentOf(at, stat),
      sameAs: isNamedTwice ? (firstOf.get(own) ?? name) : undefined,
    });
    if (isNamedTwice && !firstOf.has(own)) firstOf.set(own, name);
  }
  return found;
}

/** Links are not followed, as Node's own recursion would. */
function namesBelow(top: string, folder: string): readonly string[] {
  const entries = fs.readdirSync(path.join(top, folder), { withFileTypes: true });
  return entries.flatMap((entry) => {
    const name = folder === "" ? entry.name : `${folder}/${entry.name}`;
    if (name === ".snap") return [];
    return entry.isDirectory() ? [name, ...namesBelow(top, name)] : [name];
  });
}

function contentOf(at: string, stat: fs.BigIntStats): string {
  if (stat.isSymbolicLink()) return fs.readlinkSync(at);
  return stat.isFile() ? `${stat.size} ${hash("sha256", fs.readFileSync(at))}` : "";
}
