import { present } from "../../src/std/assert.ts";
import { contentHashOf } from "../../src/core/tree/content-hash.ts";
import type { Answer } from "../support/checked-server.ts";
import { isWithin, itemsAt, withItems, withoutItems } from "./crash-tree.ts";
import type { CrashTree } from "./crash-tree.ts";
import { CrashSession } from "./crash-session.ts";
import { Killed } from "./server-life.ts";
import type { ServerLife } from "./server-life.ts";

/** Numbers that a seed repeats. */
export type Chance = {
  /** A whole number from 0 and below `bound`. */
  below(bound: number): number;
};

/** A revision that a writer knows of: where it was written, and what it holds. */
type Known = { readonly path: string; readonly rev: string; readonly hash: string };

type Work = (life: ServerLife) => Promise<void>;

const knownMax = 20;
const itemsMax = 6;

/**
 * One writer in a folder of its own, with one call under way at a time: what it was told is in `tree`, and of one call at
 * most it does not know whether it was done.
 */
export class CrashWriter {
  readonly folder: string;
  /** What the server has acknowledged. */
  tree: CrashTree = new Map();
  /** What there is if the call without an answer was done. */
  pending: CrashTree | undefined;
  /** Calls that were acknowledged. */
  acknowledged = 0;
  #session: CrashSession | undefined;
  #known: readonly Known[] = [];
  #made = 0;
  readonly #chance: Chance;

  constructor(number: number, chance: Chance) {
    this.folder = `/w${number}`;
    this.#chance = chance;
  }

  /** Write until the server is killed. */
  async run(life: ServerLife): Promise<void> {
    try {
      while (!life.isDying) await this.#next()(life);
    } catch (error) {
      if (!(error instanceof Killed)) throw error;
    }
  }

  /** What it has begun must be as far as it was told, or as far as the last call would have got. */
  async recover(life: ServerLife, actual: CrashTree): Promise<void> {
    this.tree = actual;
    this.pending = undefined;
    if (this.#session === undefined) return;
    const committed = actual.get(this.#session.path) === this.#session.hash;
    this.#session = (await this.#session.recover(life, committed)) ? this.#session : undefined;
  }

  #next(): Work {
    if (this.#session !== undefined) return (life) => this.#goOn(life, present(this.#session, ""));
    // A small tree is soon checked.
    if (this.tree.size > itemsMax) return (life) => this.#removeSeveral(life);
    return present(this.#works[this.#chance.below(this.#works.length)], "a work");
  }

  /** Small uploads come more often. */
  readonly #works: readonly Work[] = [
    (life) => this.#upload(life, this.#smallContent()),
    (life) => this.#upload(life, this.#smallContent()),
    (life) => this.#upload(life, this.#smallContent()),
    (life) => this.#upload(life, this.#content(4 * 1024 * 1024 + this.#chance.below(700_000))),
    () => this.#begin("sequential", 150_000),
    () => this.#begin("concurrent", 9 * 1024 * 1024),
    (life) => this.#uploadBatch(life),
    (life) => this.#makeFolder(life),
    (life) => this.#remove(life),
    (life) => this.#removeSeveral(life),
    (life) => this.#relocate(life, "move_v2"),
    (life) => this.#relocate(life, "move_v2"),
    (life) => this.#relocate(life, "copy_v2"),
    (life) => this.#relocateSeveral(life, "move_batch_v2"),
    (life) => this.#relocateSeveral(life, "copy_batch_v2"),
    (life) => this.#restore(life),
  ];

  async #do(after: CrashTree, call: Promise<Answer>): Promise<Answer> {
    this.pending = after;
    const answer = await call;
    if (answer.status !== 200 || answer.text.includes('"failure"')) {
      throw new Error(`${this.folder}: ${answer.status} ${answer.text}`);
    }
    this.tree = after;
    this.pending = undefined;
    this.acknowledged += 1;
    return answer;
  }

  async #upload(life: ServerLife, content: Buffer): Promise<void> {
    const path = this.#filePath();
    const hash = contentHashOf(content);
    const after = withItems(this.tree, [[path, hash]]);
    const answer = await this.#do(after, life.upload("files/upload", commitOf(path), content));
    this.#learn({ path, rev: answer.json.rev, hash });
  }

  #learn(known: Known): void {
    this.#known = [...this.#known, known].slice(-knownMax);
  }

  async #begin(kind: "sequential" | "concurrent", sizeMax: number): Promise<void> {
    const content = this.#content(1 + this.#chance.below(sizeMax));
    this.#session = new CrashSession({ kind, content, path: this.#filePath() });
  }

  async #goOn(life: ServerLife, session: CrashSession): Promise<void> {
    if (!session.isComplete) {
      await session.append(life, this.#chance);
      this.acknowledged += 1;
      return;
    }
    const { path, hash } = session;
    const answer = await this.#do(withItems(this.tree, [[path, hash]]), session.finish(life));
    this.#learn({ path, rev: answer.json.rev, hash });
    this.#session = undefined;
  }

  /** Three sessions that end in one call. */
  async #uploadBatch(life: ServerLife): Promise<void> {
    const contents = [0, 1, 2].map(() => this.#smallContent());
    const paths = this.#freePaths(contents.length);
    const begun = await life.rpc("files/upload_session/start_batch", { num_sessions: 3 });
    const cursors = contents.map((content, index) => ({
      cursor: { session_id: begun.json.session_ids[index], offset: 0 },
      length: content.length,
      close: true,
    }));
    const route = "files/upload_session/append_batch";
    const appended = await life.upload(route, { entries: cursors }, Buffer.concat(contents));
    if (appended.text.includes('"failure"')) throw new Error(appended.text);
    const entries = contents.map((content, index) => ({
      cursor: { session_id: begun.json.session_ids[index], offset: content.length },
      commit: commitOf(paths[index] ?? ""),
    }));
    const items = contents.map((content, index): [string, string] => [
      paths[index] ?? "",
      contentHashOf(content),
    ]);
    const after = withItems(this.tree, items);
    await this.#do(after, life.rpc("files/upload_session/finish_batch_v2", { entries }));
  }

  async #makeFolder(life: ServerLife): Promise<void> {
    const [path = ""] = this.#freePaths(1);
    const after = withItems(this.tree, [[path, "folder"]]);
    await this.#do(after, life.rpc("files/create_folder_v2", { path }));
  }

  async #remove(life: ServerLife): Promise<void> {
    const [path] = this.#present(1);
    if (path === undefined) return;
    const after = withoutItems(this.tree, [path]);
    await this.#do(after, life.rpc("files/delete_v2", { path }));
  }

  async #removeSeveral(life: ServerLife): Promise<void> {
    const paths = this.#present(3);
    if (paths.length === 0) return;
    const entries = paths.map((path) => ({ path }));
    const after = withoutItems(this.tree, paths);
    await this.#do(after, life.rpc("files/delete_batch", { entries }));
  }

  async #relocate(life: ServerLife, route: "move_v2" | "copy_v2"): Promise<void> {
    const [from] = this.#present(1);
    const [to = ""] = this.#freePaths(1);
    if (from === undefined || isWithin(to, from)) return;
    const after = this.#relocated(route.startsWith("move"), [{ from, to }]);
    await this.#do(after, life.rpc(`files/${route}`, { from_path: from, to_path: to }));
  }

  async #relocateSeveral(
    life: ServerLife,
    route: "move_batch_v2" | "copy_batch_v2",
  ): Promise<void> {
    const sources = this.#present(2);
    const targets = this.#freePaths(sources.length);
    const pairs = sources.map((from, index) => ({ from, to: targets[index] ?? "" }));
    const isNested = pairs.some(({ to }) => sources.some((source) => isWithin(to, source)));
    if (pairs.length === 0 || isNested) return;
    const after = this.#relocated(route.startsWith("move"), pairs);
    const entries = pairs.map(({ from, to }) => ({ from_path: from, to_path: to }));
    await this.#do(after, life.rpc(`files/${route}`, { entries }));
  }

  #relocated(isMove: boolean, pairs: readonly { from: string; to: string }[]): CrashTree {
    return pairs.reduce((tree, { from, to }) => {
      const kept = isMove ? withoutItems(tree, [from]) : tree;
      return withItems(kept, itemsAt(tree, from, to));
    }, this.tree);
  }

  async #restore(life: ServerLife): Promise<void> {
    const known = this.#known[this.#chance.below(knownMax)];
    if (known === undefined || this.tree.get(known.path) === "folder") return;
    const { path, rev, hash } = known;
    const parent = path.slice(0, path.lastIndexOf("/"));
    if ((this.tree.get(parent) ?? "folder") !== "folder") return;
    const after = withItems(this.tree, [[path, hash]]);
    await this.#do(after, life.rpc("files/restore", { path, rev }));
  }

  /** A path where a file is or may be. */
  #filePath(): string {
    const path = `${this.folder}/f${this.#chance.below(6)}`;
    return this.tree.get(path) === "folder" ? `${this.folder}/d/${this.#made}` : path;
  }

  /** Paths where nothing is; some of them in folders that are not there yet. */
  #freePaths(count: number): readonly string[] {
    return Array.from({ length: count }, () => {
      this.#made += 1;
      const folder = this.#chance.below(3) === 0 ? "/d" : "";
      return `${this.folder}${folder}/n${this.#made}`;
    });
  }

  /** Up to so many paths that are there, none inside another; never the only folder that holds all. */
  #present(count: number): readonly string[] {
    const paths = [...this.tree.keys()].filter((path) => path !== this.folder);
    const chosen = Array.from({ length: count }, () => paths[this.#chance.below(paths.length)]);
    const there = [...new Set(chosen.filter((path) => path !== undefined))];
    return there.filter((path) => !there.some((other) => other !== path && isWithin(path, other)));
  }

  #smallContent(): Buffer {
    return this.#content(this.#chance.below(this.#chance.below(4) === 0 ? 40_000 : 2_000));
  }

  /** No two contents are alike, nor two blocks of one: the pattern's length divides no block. */
  #content(size: number): Buffer {
    this.#made += 1;
    return Buffer.alloc(size, `${this.folder} content ${String(this.#made).padStart(9, "0")};.`);
  }
}

function commitOf(path: string): object {
  return { path, mode: { ".tag": "overwrite" } };
}
