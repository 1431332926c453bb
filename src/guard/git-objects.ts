import { createHash } from "node:crypto";
import { isAbsolute, resolve } from "node:path";
import { BaseCache } from "./base-cache.ts";
import { PackIndex } from "./git-pack.ts";
import { inflateBounded, readPacked, type GitObject, type ReadProblem } from "./git-pack-read.ts";
import { isClosed, isDenied, listNames, OpenFile } from "./open-file.ts";
import { inside, kindAt, readStart, type Bytes } from "./read-only.ts";

/** So many packs are opened. An object that is in none of them may still be in another one. */
const packsMax = 300;
const alternatesMax = 20;
const alternatesBytesMax = 64 * 1024;

/** `unknown`: not found, but not everything could be searched. */
export type ObjectAnswer = GitObject | ReadProblem | "missing" | "unknown";

type OpenPack = {
  readonly index: PackIndex;
  readonly path: Bytes;
  readonly bases: BaseCache;
  pack: OpenFile | undefined;
};

/**
 * The objects of a repository, those of its alternates included, read by nobody's code but ours: loose ones by zlib, packed ones
 * through the index of their pack. Nothing is written, nothing is run, every read is bounded.
 */
export class ObjectStore implements Disposable {
  /** Bytes of an object id: 20 or 32. */
  readonly hashBytes: number;
  /** Alternates that are named and not there, as they are written. */
  readonly missingAlternates: readonly string[];
  readonly #folders: readonly Bytes[];
  readonly #packs: OpenPack[] = [];
  readonly #isWhole: boolean;

  /** @param objects the folder `objects` of the repository */
  constructor(objects: Bytes, hashBytes: number) {
    this.hashBytes = hashBytes;
    const { folders, missing, isWhole } = objectFolders(objects);
    this.#folders = folders;
    this.missingAlternates = missing;
    this.#isWhole = this.#openPacks() && isWhole;
  }

  /** Whether a copy of the object is there; it may still be damaged. */
  find(oid: string): "there" | "missing" | "unknown" {
    if (this.#isLoose(oid) || this.#findPacked(oid) !== undefined) return "there";
    const isHidden = this.#folders.some((folder) => isDenied(looseAt(folder, oid)));
    return this.#isWhole && !isHidden ? "missing" : "unknown";
  }

  /** An object of at most `bytesMax` bytes. A copy in a pack stands in for a loose one that is damaged. */
  read(oid: string, bytesMax: number): ObjectAnswer {
    let problem: ObjectAnswer = this.#isWhole ? "missing" : "unknown";
    const found = this.#findPacked(oid);
    if (found !== undefined) {
      const answer = this.#readPacked(found, bytesMax);
      if (typeof answer !== "string") return answer;
      problem = answer;
    }
    for (const folder of this.#folders) {
      const answer = readLoose(looseAt(folder, oid), bytesMax);
      if (answer !== undefined && typeof answer !== "string") return answer;
      problem = answer ?? problem;
    }
    return problem;
  }

  #isLoose(oid: string): boolean {
    return this.#folders.some((folder) => kindAt(looseAt(folder, oid)) === "file");
  }

  #findPacked(oid: string): { readonly pack: OpenPack; readonly offset: number } | undefined {
    const bytes = Buffer.from(oid, "hex");
    if (bytes.length !== this.hashBytes) return undefined;
    for (const pack of this.#packs) {
      const offset = pack.index.offsetOf(bytes);
      if (offset !== undefined) return { pack, offset };
    }
    return undefined;
  }

  #readPacked(
    { pack, offset }: { readonly pack: OpenPack; readonly offset: number },
    bytesMax: number,
  ): GitObject | ReadProblem | "unknown" {
    pack.pack ??= OpenFile.open(pack.path);
    if (pack.pack === undefined) return isDenied(pack.path) ? "unknown" : "corrupt";
    const baseOf = (oid: Buffer): number | undefined => pack.index.offsetOf(oid);
    const { bases } = pack;
    const place = { pack: pack.pack, hashBytes: this.hashBytes, baseOf, bases };
    return readPacked(place, offset, bytesMax);
  }

  #openPacks(): boolean {
    let isWhole = true;
    for (const folder of this.#folders.map((objects) => inside(objects, "pack"))) {
      const names = new Set(listNames(folder));
      if (isClosed(folder)) isWhole = false;
      for (const name of [...names].toSorted()) {
        const packName = name.replace(/\.idx$/u, ".pack");
        if (packName === name || !names.has(packName)) continue;
        const index =
          this.#packs.length < packsMax
            ? PackIndex.open(inside(folder, name), this.hashBytes)
            : undefined;
        if (index === undefined) isWhole = false;
        else {
          const bases = new BaseCache();
          this.#packs.push({ index, path: inside(folder, packName), bases, pack: undefined });
        }
      }
    }
    return isWhole;
  }

  [Symbol.dispose](): void {
    for (const { index, pack } of this.#packs) {
      index[Symbol.dispose]();
      pack?.[Symbol.dispose]();
    }
  }
}

function looseAt(objects: Bytes, oid: string): Bytes {
  return inside(objects, `${oid.slice(0, 2)}/${oid.slice(2)}`);
}

const looseHeadMax = 64;

function readLoose(path: Bytes, bytesMax: number): GitObject | ReadProblem | "unknown" | undefined {
  using file = OpenFile.open(path);
  if (file === undefined) return unopened(path);
  // Incompressible content is a little longer when it is deflated.
  if (file.size > bytesMax + bytesMax / 64 + 1024) return "too-large";
  const bytes = inflateBounded(file.read(0, file.size), bytesMax + looseHeadMax);
  return bytes === undefined ? "corrupt" : parseLoose(bytes);
}

/** undefined where nothing is there. */
function unopened(path: Bytes): "unknown" | "corrupt" | undefined {
  if (isDenied(path)) return "unknown";
  return kindAt(path) === undefined ? undefined : "corrupt";
}

function parseLoose(bytes: Buffer): GitObject | "corrupt" {
  const end = bytes.subarray(0, looseHeadMax).indexOf(0);
  const head = /^(?<type>commit|tree|blob|tag) (?<size>\d+)$/u.exec(
    bytes.toString("latin1", 0, Math.max(0, end)),
  );
  const content = bytes.subarray(end + 1);
  if (head?.groups === undefined || Number(head.groups["size"]) !== content.length)
    return "corrupt";
  const type = objectTypes.find((name) => name === head.groups?.["type"]);
  return type === undefined ? "corrupt" : { type, content };
}

const objectTypes = ["commit", "tree", "blob", "tag"] as const;

/** The id that an object of this content has (gitformat-signature: type, size, NUL, content). */
export function oidOf({ type, content }: GitObject, hashBytes: number): string {
  const hash = createHash(hashBytes === 32 ? "sha256" : "sha1");
  return hash.update(`${type} ${content.length}\0`).update(content).digest("hex");
}

type Folders = {
  readonly folders: readonly Bytes[];
  readonly missing: readonly string[];
  readonly isWhole: boolean;
};

/** The folder of objects and those that its `info/alternates` name, at once and in turn (gitrepository-layout(5)). */
export function objectFolders(objects: Bytes): Folders {
  const folders: Bytes[] = [objects];
  const missing: string[] = [];
  let isWhole = true;
  for (let at = 0; at < folders.length; at += 1) {
    const folder = folders[at] ?? objects;
    for (const written of alternatesOf(folder)) {
      const path = Buffer.from(isAbsolute(written) ? written : resolve(folder.toString(), written));
      if (isDenied(path)) isWhole = false;
      else if (kindAt(path) === undefined) missing.push(written);
      else if (folders.length >= alternatesMax) isWhole = false;
      else if (!folders.some((known) => known.equals(path))) folders.push(path);
    }
  }
  return { folders, missing, isWhole };
}

/** Paths in an `info/alternates`, in order; Git quotes those with odd characters like C. */
export function alternatesOf(objects: Bytes): string[] {
  const text = readStart(inside(objects, "info/alternates"), alternatesBytesMax) ?? "";
  return text.split("\n").flatMap((line) => {
    if (line === "" || line.startsWith("#")) return [];
    return [
      line.startsWith('"') ? line.slice(1).replace(/"$/u, "").replaceAll(/\\(.)/gu, "$1") : line,
    ];
  });
}
