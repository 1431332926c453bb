import { pathKeyOf } from "../../../src/core/path/path-key.ts";
import { parseRelPath } from "../../../src/core/path/rel-path.ts";
import { contentHashOf } from "../../../src/core/tree/content-hash.ts";
import type { ContentHash, Kind } from "../../../src/core/tree/node.ts";
import type { RemoteItem } from "../../../src/core/tree/remote-item.ts";
import { newNameTrouble, parseNames } from "../../../src/server/tree/place.ts";
import { SnapError, type ErrorCode } from "../../../src/std/error.ts";

/** A file or folder of the server in memory. */
export type CloudNode = {
  readonly kind: Kind;
  id: string;
  name: string;
  parent: CloudNode | undefined;
  readonly children: Map<string, CloudNode>;
  rev: string;
  bytes: Uint8Array;
  hash: ContentHash;
  modified: number;
};

/** One line of the journal: what a place became (fact sheet 4.3); undefined: nothing is there any more. */
export type CloudLine = { readonly keys: readonly string[]; readonly item: RemoteItem | undefined };

/** What is to be written. */
export type CloudWrite = {
  readonly bytes: Uint8Array;
  /** The rev to replace; undefined for nothing there; "any" as another program that overwrites. */
  readonly replaces: string | undefined;
  readonly modified: number;
};

const noBytes = new Uint8Array(0);

/**
 * The linked folder of an account in memory, with the rules of the service as far as the engine meets them: keys, ids that
 * outlive moves, revs, the conflict table of writes, and a journal. `test/conformance/remote-side.test.ts` compares it
 * with the embedded server.
 */
export class MemoryCloud {
  readonly journal: CloudLine[] = [];
  readonly documents: Map<string, { text: string; rev: string }> = new Map();
  /** Bytes left in the account. */
  roomBytes: number = Number.MAX_SAFE_INTEGER;
  root: CloudNode | undefined;
  readonly #revisions = new Map<
    string,
    { readonly bytes: Uint8Array; readonly hash: ContentHash }
  >();
  readonly #listeners = new Set<() => void>();
  #ids = 0;
  #revs = 0;

  makeRoot(): string {
    this.root ??= this.#make("folder", "");
    return this.root.id;
  }

  /** @throws {SnapError} `remote-missing` */
  get top(): CloudNode {
    if (this.root === undefined) throw failed("remote-missing", "the linked folder is not there");
    return this.root;
  }

  at(path: string): CloudNode | undefined {
    return this.atKeys(keysOf(path));
  }

  atKeys(keys: readonly string[]): CloudNode | undefined {
    let node: CloudNode | undefined = this.root;
    for (const key of keys) node = node?.children.get(key);
    return node;
  }

  revision(rev: string): Uint8Array {
    const found = this.#revisions.get(rev);
    if (found === undefined) throw failed("not-found", "no such revision");
    return found.bytes;
  }

  /** The conflict table of writes. @throws {SnapError} `conflict`, `name-refused`, `quota-exceeded` */
  write(path: string, { bytes, replaces, modified }: CloudWrite): CloudNode {
    const names = namesFor(path);
    const there = this.at(path);
    const hash = contentHashOf(bytes);
    if (there?.kind === "folder") throw failed("conflict", "a folder is there");
    if (there?.hash === hash) return there;
    if (there !== undefined && replaces !== "any" && there.rev !== replaces) {
      throw failed("conflict", "another revision is there");
    }
    const { folder, name } = this.#placeFor(names);
    this.#spend(bytes.length - (there?.bytes.length ?? 0));
    this.#makeParents(names);
    const node = there ?? this.#make("file", name);
    node.bytes = bytes;
    node.hash = hash;
    node.modified = Math.floor(modified / 1_000) * 1_000;
    this.#newRev(node);
    if (there === undefined) this.#put(folder(), node);
    this.#tell(node);
    return node;
  }

  /** @throws {SnapError} `conflict`; its message says "folder" where one is there */
  makeFolder(path: string): CloudNode {
    const names = namesFor(path);
    const there = this.at(path);
    if (there !== undefined) throw failed("conflict", `a ${there.kind} is there`);
    const { folder, name } = this.#placeFor(names);
    this.#makeParents(names);
    const node = this.#make("folder", name);
    this.#put(folder(), node);
    this.#tell(node);
    return node;
  }

  /** Never over another. @throws {SnapError} `not-found`, `conflict`, `remote-error`, `name-refused` */
  move(from: string, to: string): CloudNode {
    const node = this.at(from);
    if (node === undefined) throw failed("not-found", "nothing is there");
    const names = namesFor(to);
    const [fromKeys, toKeys] = [keysOf(from), keysOf(to)];
    const isInside =
      toKeys.length > fromKeys.length && fromKeys.every((key, at) => toKeys[at] === key);
    if (isInside && node.kind === "folder") throw failed("remote-error", "into itself");
    const there = this.atKeys(toKeys);
    const name = names.at(-1) ?? "";
    const { folder } = this.#placeFor(names);
    if (there !== undefined && (there !== node || there.name === name)) {
      throw failed("conflict", "something is there");
    }
    this.#makeParents(names);
    this.#takeOut(node);
    node.name = name;
    this.#put(folder(), node);
    for (const moved of subtree(node)) {
      if (moved.kind === "file") this.#newRev(moved);
      this.#tell(moved);
    }
    return node;
  }

  /** With everything below it. @throws {SnapError} `not-found`, `conflict` for another rev */
  remove(path: string, rev?: string): void {
    const node = this.at(path);
    if (node === undefined) throw failed("not-found", "nothing is there");
    if (rev !== undefined && (node.kind === "folder" || node.rev !== rev)) {
      throw failed("conflict", "another revision is there");
    }
    this.#takeOut(node);
  }

  /** Sharing a folder: it arrives as removed and made again, folders with new ids (S32). */
  share(path: string): void {
    const node = this.at(path);
    if (node?.kind !== "folder") return;
    this.#write({ keys: keysTo(node), item: undefined });
    for (const one of subtree(node)) {
      if (one.kind === "folder") one.id = this.#newId();
      this.#tell(one);
    }
  }

  /** Each file and folder, those above first. */
  all(): CloudNode[] {
    return this.root === undefined ? [] : [...subtree(this.root)].slice(1);
  }

  #placeFor(names: readonly string[]): { folder: () => CloudNode; name: string } {
    let at: CloudNode | undefined = this.top;
    for (const name of names.slice(0, -1)) {
      at = at?.children.get(pathKeyOf(name));
      if (at?.kind === "file") throw failed("conflict", "a file is where a parent must be");
      if (at === undefined && newNameTrouble(name) !== undefined)
        throw failed("name-refused", name);
    }
    const keys = names.slice(0, -1).map(pathKeyOf);
    return { folder: () => this.atKeys(keys) ?? this.top, name: names.at(-1) ?? "" };
  }

  #makeParents(names: readonly string[]): void {
    let at = this.top;
    for (const name of names.slice(0, -1)) {
      const there = at.children.get(pathKeyOf(name));
      const next = there ?? this.#make("folder", name);
      if (there === undefined) {
        this.#put(at, next);
        this.#tell(next);
      }
      at = next;
    }
  }

  #spend(moreBytes: number): void {
    if (moreBytes > this.roomBytes) throw failed("quota-exceeded", "the account is full");
    this.roomBytes -= moreBytes;
  }

  #make(kind: Kind, name: string): CloudNode {
    const id = this.#newId();
    const children = new Map<string, CloudNode>();
    const nothing = { rev: "", bytes: noBytes, hash: "", modified: 0 };
    return { kind, id, name, parent: undefined, children, ...nothing };
  }

  #put(folder: CloudNode, node: CloudNode): void {
    folder.children.set(pathKeyOf(node.name), node);
    node.parent = folder;
  }

  #takeOut(node: CloudNode): void {
    this.#write({ keys: keysTo(node), item: undefined });
    node.parent?.children.delete(pathKeyOf(node.name));
    node.parent = undefined;
  }

  /** Be told of each line of the journal. @returns how to end it */
  onLine(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #write(line: CloudLine): void {
    this.journal.push(line);
    for (const listener of this.#listeners) listener();
  }

  #newId(): string {
    this.#ids += 1;
    return `id:${this.#ids}`;
  }

  #newRev(node: CloudNode): void {
    this.#revs += 1;
    node.rev = this.#revs.toString(16).padStart(12, "0");
    this.#revisions.set(node.rev, { bytes: node.bytes, hash: node.hash });
  }

  #tell(node: CloudNode): void {
    this.#write({ keys: keysTo(node), item: itemOf(node) });
  }

  /** A rev for a document. */
  nextRev(): string {
    this.#revs += 1;
    return this.#revs.toString(16).padStart(12, "0");
  }
}

/** As the remote side describes a node. */
export function itemOf(node: CloudNode): RemoteItem {
  const { kind, name, id: remoteId, rev, hash, modified } = node;
  const path = parseRelPath(pathTo(node));
  const keys = keysTo(node).map(pathKeyOf);
  return { kind, path, keys, name, remoteId, rev, hash, size: node.bytes.length, modified };
}

export function pathTo(node: CloudNode): string {
  const names: string[] = [];
  for (let at = node; at.parent !== undefined; at = at.parent) names.unshift(at.name);
  return names.join("/");
}

function keysTo(node: CloudNode): string[] {
  return pathTo(node).split("/").map(pathKeyOf);
}

function keysOf(path: string): string[] {
  return path === "" ? [] : path.split("/").map(pathKeyOf);
}

function* subtree(node: CloudNode): Generator<CloudNode> {
  yield node;
  for (const child of node.children.values()) yield* subtree(child);
}

function namesFor(path: string): readonly string[] {
  const names = parseNames(`/${path}`, "write");
  if (names === undefined || newNameTrouble(names.at(-1) ?? "") !== undefined) {
    throw failed("name-refused", path);
  }
  return names;
}

/** What the remote side throws, in the words of a server. */
export function failed(code: ErrorCode, reason: string, retryAfterSeconds?: number): SnapError {
  return new SnapError(code, `The server in memory says: ${reason}`, {
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
  });
}
