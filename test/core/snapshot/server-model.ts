import { comparePaths, parseRelPath, type RelPath } from "../../../src/core/path/rel-path.ts";
import { placeKey, type RemoteSeen } from "../../../src/core/snapshot/restore-picture.ts";
import { parentsOf } from "../../../src/core/snapshot/restore-wanted.ts";
import { nextStep, type ServerStep } from "../../../src/core/snapshot/server-side-plan.ts";
import {
  wantsOf,
  type ServerWish,
  type Refusal,
  type Relocation,
  type ServerSide,
  type ServerWorld,
  type WantedThere,
} from "../../../src/core/snapshot/server-world.ts";

/** Files by path, with their content; folders end in a slash and have none. */
export type Tree = ReadonlyMap<string, string>;

/** A tree as text: `a: 1`, `d/`; a folder that holds something need not be named. */
export function treeOf(text: string): Tree {
  const lines = text.split("\n").map((line) => line.trim().split(": "));
  const tree = new Map<string, string>();
  for (const [name = "", content = ""] of lines.filter(([first]) => first !== "")) {
    for (const folder of parentsOf(parseRelPath(name.replace(/\/$/u, ""))))
      tree.set(`${folder}/`, "");
    tree.set(name, content);
  }
  return tree;
}

/** Revisions that are no longer there: `path content`. */
export type Revisions = ReadonlySet<string>;

/** What a server that is asked for moves, copies and revisions comes to: it refuses what T24 forbids by throwing. */
export class ServerModel {
  readonly calls: string[] = [];
  readonly #files: Map<string, RemoteSeen>;
  readonly #revisions: Revisions;
  readonly #places: readonly WantedThere[];
  readonly #known = new Map<RelPath, string | undefined>();
  readonly #refused = new Set<Refusal>();
  readonly #serverSide: ServerSide;
  readonly #refuses: (call: string) => boolean;

  constructor(
    {
      present,
      wanted,
      revisions,
    }: { readonly present: Tree; readonly wanted: Tree; readonly revisions: Revisions },
    {
      serverSide = "prefer",
      refuses = () => false,
    }: { readonly serverSide?: ServerSide; readonly refuses?: (call: string) => boolean } = {},
  ) {
    this.#files = new Map([...present].map(([name, content]) => seenOf(name, content)));
    this.#revisions = revisions;
    this.#serverSide = serverSide;
    this.#refuses = refuses;
    this.#places = placesOf(this.#files, wanted);
  }

  world(): ServerWorld {
    const wants = wantsOf(this.#places, this.#serverSide);
    const refused = wants.refused.union(this.#refused);
    const standing = { present: this.#files, holding: new Set<string>(), known: this.#known };
    return { ...wants, ...standing, refused };
  }

  /** Every call is made once at the most, so this ends. */
  run(): this {
    for (let step = nextStep(this.world()); step !== undefined; step = nextStep(this.world())) {
      this.#take(step);
    }
    return this;
  }

  text(): string {
    const lines = [...this.#files.values()].toSorted((a, b) => comparePaths(a.path, b.path));
    return lines
      .map(({ path, kind, hash }) => (kind === "folder" ? `${path}/` : `${path}: ${hash}`))
      .join("\n");
  }

  content(path: string): string | undefined {
    return this.#files.get(path)?.hash;
  }

  isKept({ path, hash }: { readonly path: string; readonly hash: string }): boolean {
    return this.#revisions.has(`${path} ${hash}`);
  }

  #take(step: ServerStep): void {
    if (step.call === "ask") {
      for (const wish of step.wishes) this.#know(wish);
      return;
    }
    for (const folder of step.folders) this.#make(folder);
    if (step.folders.some((folder) => !this.#files.has(placeKey(folder)))) return;
    if (step.call === "revert") for (const wish of step.wishes) this.#revert(wish);
    if (step.call === "move" || step.call === "copy") {
      for (const pair of step.pairs) this.#relocate(step.call, pair);
    }
  }

  #know(wish: ServerWish): void {
    this.#known.set(wish.path, this.isKept(wish) ? "rev" : undefined);
  }

  #make(path: RelPath): void {
    const isBelowRefused = parentsOf(path).some((folder) => !this.#files.has(placeKey(folder)));
    if (this.#refuse("folder", path) || isBelowRefused) return;
    this.#assertFree(path);
    this.#files.set(placeKey(path), seenOf(`${path}/`, "")[1]);
  }

  #revert(wish: ServerWish): void {
    this.#know(wish);
    const { path, hash } = wish;
    if (!this.isKept(wish) || this.#refuse("revert", path)) return;
    if (this.#files.get(placeKey(path))?.kind === "folder")
      throw new Error(`over a folder: ${path}`);
    this.#assertParents(path);
    this.#files.set(placeKey(path), seenOf(path, hash)[1]);
  }

  #relocate(call: "move" | "copy", { from, to, keys }: Relocation): void {
    const moved = [...this.#files].filter(
      ([key]) => key === from.path || key.startsWith(`${from.path}/`),
    );
    if (this.#refuse(call, to)) return;
    this.#assertFree(to);
    if (moved.length !== keys.length) throw new Error(`not all of ${from.path} was thought of`);
    for (const [key, seen] of moved) {
      if (call === "move") this.#files.delete(key);
      const path = to + key.slice(from.path.length);
      this.#files.set(path, { ...seen, path: parseRelPath(path) });
    }
  }

  #refuse(call: "folder" | "move" | "copy" | "revert", path: RelPath): boolean {
    const name: Refusal = `${call} ${placeKey(path)}`;
    if (this.calls.includes(name)) throw new Error(`a second time: ${name}`);
    this.calls.push(name);
    if (!this.#refuses(name)) return false;
    this.#refused.add(name);
    return true;
  }

  #assertFree(path: RelPath): void {
    if (this.#files.has(placeKey(path))) throw new Error(`not free: ${path}`);
    this.#assertParents(path);
  }

  #assertParents(path: RelPath): void {
    const missing = parentsOf(path).find((folder) => this.#files.get(folder)?.kind !== "folder");
    if (missing !== undefined) throw new Error(`no folder for ${path}: ${missing}`);
  }
}

function seenOf(name: string, hash: string): [string, RemoteSeen] {
  const kind = name.endsWith("/") ? "folder" : "file";
  const path = parseRelPath(name.replace(/\/$/u, ""));
  const facts = { size: hash.length, rev: "", remoteId: `id ${path}`, modified: 0 };
  return [path, { path, kind, hash, ...facts }];
}

/** What a plan of a whole tree says of Dropbox: all that differs. */
function placesOf(present: ReadonlyMap<string, RemoteSeen>, wanted: Tree): readonly WantedThere[] {
  const want = new Map([...wanted].map(([name, content]) => seenOf(name, content)));
  const paths = [...new Set([...present.keys(), ...want.keys()])].map(parseRelPath);
  return paths.toSorted(comparePaths).flatMap((path): readonly WantedThere[] => {
    const [now, then] = [present.get(path), want.get(path)];
    if (now?.kind === then?.kind && now?.hash === then?.hash) return [];
    const isThere = now !== undefined;
    if (then?.kind !== "file") return [{ path, want: then && { kind: "folder" }, isThere }];
    return [{ path, want: { kind: "file", hash: then.hash, size: then.size }, isThere }];
  });
}
