import { contentHashOf } from "../../src/core/tree/content-hash.ts";
import type { ContentHash } from "../../src/core/tree/node.ts";
import { freshPlace, type Chance, type Side } from "./world-users.ts";

/** Where a file of a repository belongs. */
type Part = { readonly repository: number; readonly inner: string };

/** How a repository comes to be. */
type Making = "git init" | "git clone" | "bare" | "slow";

/** In the order of Git: from the first file on its folder is held. */
const parts = ["HEAD", "config", "objects/aa/1", "refs/heads/main"];

/** Names with which a repository begins, and below which everything is its own. */
const marker = /(?:^|\/)\.(?:git|hg)(?:\/|$)/u;

/**
 * The repositories that the user of one side makes, clones, commits to, moves and removes, each file with a content of its own: so
 * whatever becomes of one is seen, wherever it lies.
 */
export class Repositories {
  readonly #side: Side;
  readonly #chance: Chance;
  /** Everything that ever was in one. */
  readonly #ever = new Set<ContentHash>();
  /** What its user has not removed. */
  readonly #owned = new Map<ContentHash, Part>();
  readonly #makings: readonly Making[];
  #count = 0;

  /** @param makings bare repositories that are made file by file among them, or not: only a disk shows what is new (G23) */
  constructor(side: Side, chance: Chance, makings: readonly Making[]) {
    this.#side = side;
    this.#chance = chance;
    this.#makings = makings;
  }

  /** The side as an ordinary user sees it, who stays out of the files of repositories. */
  get beside(): Side {
    const side = this.#side;
    return {
      ...side,
      paths: async () => {
        const tree = await side.paths();
        const bare = this.#bareIn(tree);
        const isOwn = (path: string): boolean =>
          marker.test(path) || bare.some((folder) => `${path}/`.startsWith(`${folder}/`));
        return new Map([...tree].filter(([path]) => !isOwn(path)));
      },
      everything: side.paths,
      remove: (path) => this.#remove(path),
    };
  }

  /** One thing that somebody does with a repository. */
  async step(): Promise<void> {
    const chance = this.#chance;
    const tree = await this.#side.paths();
    const steps = [
      ...this.#makings.map((how) => () => this.#make(tree, how)),
      () => this.#commit(tree),
      () => this.#moveBare(tree),
      () => this.#end(chance.pick(this.#tops(tree))),
    ];
    await chance.pick(steps)?.();
  }

  /** They all go, and what they were in is an ordinary folder. */
  async endAll(): Promise<void> {
    for (let top = this.#tops(await this.#side.paths())[0]; top !== undefined;) {
      await this.#end(top);
      top = this.#tops(await this.#side.paths())[0];
    }
  }

  /** Of contents of a side those that were ever in a repository. */
  among(tree: ReadonlyMap<string, ContentHash>): readonly string[] {
    return [...tree].filter(([, hash]) => this.#ever.has(hash)).map(([path]) => path);
  }

  /** Folders that a hold has to cover: those with a gitdir in them, unless these are left out, and bare ones. */
  async toHold(repos: "refuse" | "exclude"): Promise<readonly string[]> {
    const tree = await this.#side.paths();
    const markers = this.#tops(tree).filter((path) => marker.test(path));
    const folders = markers.map((path) => path.split("/").slice(0, -1).join("/"));
    return [...(repos === "refuse" ? folders : []), ...this.#bareIn(tree)];
  }

  /** What became of the repositories that nobody removed: files that are gone or elsewhere, and histories in two places. */
  async harmed(): Promise<readonly string[]> {
    const tree = await this.#side.paths();
    const places = new Map([...tree].map(([path, hash]) => [hash, path]));
    const tops = new Map<number, string>();
    const harm: string[] = [];
    for (const [hash, { repository, inner }] of this.#owned) {
      const path = places.get(hash);
      const top = path?.endsWith(inner) === true ? path.slice(0, -inner.length) : undefined;
      const known = tops.get(repository) ?? top;
      if (top === undefined || top !== known) harm.push(`${inner} of ${repository} is at ${path}`);
      else tops.set(repository, top);
    }
    return harm;
  }

  async #make(tree: ReadonlyMap<string, string>, how: Making): Promise<void> {
    const folder = await this.#placeFor(how);
    if (folder === undefined) return;
    if ([".git", ".hg", "HEAD"].some((name) => tree.has(`${folder}/${name}`))) return;
    this.#count += 1;
    const name = this.#chance.below(4) === 0 ? ".hg" : ".git";
    const isBare = how === "bare" || how === "slow";
    const first = how === "slow" ? parts.slice(0, 1) : parts;
    for (const inner of first) await this.#write(isBare ? folder : `${folder}/${name}`, inner);
    if (how === "git clone") await this.#side.write(`${folder}/cloned`, this.#chance.token());
  }

  /** `git init` is done in folders that are there, too. */
  async #placeFor(how: Making): Promise<string | undefined> {
    const fresh = await freshPlace(this.beside, this.#chance);
    if (how === "git init" && this.#chance.below(2) === 0) {
      const tree = await this.beside.paths();
      const folders = [...tree].filter(([, hash]) => hash === "").map(([path]) => path);
      return this.#chance.pick(folders);
    }
    return fresh.isFree ? fresh.path : undefined;
  }

  async #commit(tree: ReadonlyMap<string, string>): Promise<void> {
    const top = this.#chance.pick(this.#tops(tree));
    if (top === undefined) return;
    const missing = parts.find((part) => !tree.has(`${top}/${part}`));
    await this.#write(top, missing ?? `objects/bb/${this.#chance.token()}`);
  }

  async #moveBare(tree: ReadonlyMap<string, string>): Promise<void> {
    const from = this.#chance.pick(this.#bareIn(tree));
    const to = await freshPlace(this.beside, this.#chance);
    if (from !== undefined && to.isFree) await this.#side.move(from, to.path);
  }

  async #write(gitdir: string, inner: string): Promise<void> {
    const content = `ref: ${this.#chance.token()} repositoryformatversion`;
    const hash = contentHashOf(Buffer.from(content));
    this.#ever.add(hash);
    await this.#side.write(`${gitdir}/${inner}`, content);
    this.#owned.set(hash, { repository: await this.#numberOf(gitdir), inner: `/${inner}` });
  }

  /** A repository is the same wherever it is moved: by its `HEAD`. */
  async #numberOf(gitdir: string): Promise<number> {
    const head = (await this.#side.paths()).get(`${gitdir}/HEAD`) ?? "";
    return this.#owned.get(head)?.repository ?? this.#count;
  }

  async #end(top: string | undefined): Promise<void> {
    if (top === undefined) return;
    const folder = top.split("/").slice(0, -1).join("/");
    // What of its folder was removed there, and stayed for it, is synced again from now on (S70).
    if (marker.test(top)) await this.#side.write(`${folder}/kept`, this.#chance.token());
    await this.#remove(top);
  }

  async #remove(path: string): Promise<void> {
    for (const [name, hash] of await this.#side.paths()) {
      if (name === path || name.startsWith(`${path}/`)) this.#owned.delete(hash);
    }
    await this.#side.remove(path);
  }

  /** Gitdirs, and bare repositories, that are there now. */
  #tops(tree: ReadonlyMap<string, string>): readonly string[] {
    const markers = [...tree.keys()].filter((path) => /(?:^|\/)\.(?:git|hg)$/u.test(path));
    return [...markers, ...this.#bareIn(tree)];
  }

  #bareIn(tree: ReadonlyMap<string, string>): readonly string[] {
    return [...tree]
      .filter(
        ([path, hash]) => path.endsWith("/HEAD") && !marker.test(path) && this.#owned.has(hash),
      )
      .map(([path]) => path.slice(0, -"/HEAD".length));
  }
}
