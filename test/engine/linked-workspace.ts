import { rmSync } from "node:fs";
import { cp, mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { contentHashOf } from "../../src/core/tree/content-hash.ts";
import { parseRelPath, type RelPath } from "../../src/core/path/rel-path.ts";
import type { Entry, NodeId } from "../../src/core/tree/node.ts";
import type { RemoteItem } from "../../src/core/tree/remote-item.ts";
import { pathOf, type WholeTree } from "../../src/core/tree/tree-view.ts";
import type { EngineConfig, EngineDeps } from "../../src/engine/engine-deps.ts";
import { frozenNodes, type Frozen } from "../../src/engine/check/frozen.ts";
import { observeLocal, type LocalObservation } from "../../src/engine/disk/observe-local.ts";
import { observeRemote, type RemoteObservation } from "../../src/engine/listing/observe-remote.ts";
import { loadScope } from "../../src/engine/scope/scope.ts";
import { openLocalSide } from "../../src/local/local-side.ts";
import type { RemoteSide } from "../../src/ports.ts";
import { openRemote } from "../../src/remote/dropbox-side.ts";
import { openServer, type DropboxServer } from "../../src/server/serve.ts";
import { openIndex, type OpenIndex } from "../../src/state/database.ts";
import { present } from "../../src/std/assert.ts";
import { silentLogger } from "../../src/std/log.ts";
import { seededRng } from "../../src/std/random.ts";
import { TestClock } from "../support/test-clock.ts";

export const at = (path: string): RelPath => parseRelPath(path);

/** What a whole look at both sides said. */
export type Look = {
  readonly local: LocalObservation;
  readonly remote: RemoteObservation;
  readonly frozen: Frozen;
};

/**
 * A linked workspace in a temporary folder, with a real index, and an embedded server behind the real client. The clock is
 * an hour ahead of the disk's, so that every hash is trusted.
 */
export class LinkedWorkspace implements AsyncDisposable {
  readonly top: string;
  readonly clock: TestClock = new TestClock(Date.now() + 3_600_000);
  readonly server: DropboxServer;
  /** Another client of the same account. */
  readonly other: RemoteSide;
  deps: EngineDeps;
  open: OpenIndex;
  readonly #client: (seed: number) => RemoteSide;
  readonly #config: EngineConfig;

  private constructor(top: string, server: DropboxServer, config: Partial<EngineConfig>) {
    const account = server.addAccount({ name: "Ada Example" }).id;
    const auth = { appKey: "snap", refreshToken: server.issueToken(account).refreshToken };
    const shared = { account, auth, clock: this.clock, fetch: server.fetch, top: "/Linked" };
    this.top = top;
    this.server = server;
    this.#client = (seed) => openRemote({ ...shared, rng: seededRng(seed) });
    this.other = this.#client(2);
    this.#config = { ...defaults, account, ...config };
    this.open = this.#openIndex();
    this.deps = this.#depsOf(this.open);
  }

  #openIndex(): OpenIndex {
    return openIndex(join(this.top, "../index.db"), { clock: this.clock });
  }

  #depsOf({ index, journal, holds, tokens }: OpenIndex): EngineDeps {
    const { clock, top } = this;
    return {
      local: openLocalSide({ top, clock, rng: seededRng(3) }),
      remote: this.#client(4),
      index,
      journal,
      holds,
      tokens,
      clock,
      rng: seededRng(5),
      logger: silentLogger,
      config: this.#config,
    };
  }

  /** `files` on both sides and agreed on: a path with a slash at its end is a folder. */
  static async open(
    files: Readonly<Record<string, string>> = {},
    config: Partial<EngineConfig> = {},
  ): Promise<LinkedWorkspace> {
    const base = await mkdtemp(join(tmpdir(), "snap-engine-"));
    await mkdir(join(base, "workspace"));
    const clock = new TestClock();
    const server = await openServer({
      data: ":memory:",
      clock,
      rng: seededRng(1),
      checkResponses: true,
    });
    const workspace = new LinkedWorkspace(join(base, "workspace"), server, config);
    await workspace.deps.local.writeMarker({ workspace: "w1", link: "l1", generation: 0 });
    await workspace.other.makeTop();
    for (const [path, content] of Object.entries(files)) {
      await workspace.write(path, content);
      await workspace.upload(path, content);
    }
    if (Object.keys(files).length > 0) {
      await workspace.look();
      workspace.agree();
    }
    return workspace;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.open.close();
    await this.server.close();
    // In one go: the other way has a call under way for each of a million files.
    rmSync(dirname(this.top), { recursive: true, force: true });
  }

  get index(): EngineDeps["index"] {
    return this.deps.index;
  }

  /** A platform's snapshot of the disk: the workspace, and what we know of it. */
  async save(): Promise<void> {
    this.open.close();
    const base = dirname(this.top);
    await cp(this.top, join(base, "saved"), { recursive: true, preserveTimestamps: true });
    await cp(join(base, "index.db"), join(base, "saved.db"));
    this.reopen();
  }

  /** The platform puts its snapshot back, while no program of ours runs. */
  async putBack(part: "workspace" | "index"): Promise<void> {
    this.open.close();
    const base = dirname(this.top);
    if (part === "workspace") {
      await rm(this.top, { recursive: true });
      await cp(join(base, "saved"), this.top, { recursive: true, preserveTimestamps: true });
    } else {
      await this.dropIndex();
      await cp(join(base, "saved.db"), join(base, "index.db"));
    }
    this.reopen();
  }

  async loseIndex(): Promise<void> {
    this.open.close();
    await this.dropIndex();
    this.reopen();
  }

  private async dropIndex(): Promise<void> {
    for (const suffix of ["", "-wal", "-shm"]) {
      await rm(join(dirname(this.top), `index.db${suffix}`), { force: true });
    }
  }

  /** Everything is closed and opened again, as by another run of the program. */
  reopen(): void {
    this.open.close();
    this.open = this.#openIndex();
    this.deps = this.#depsOf(this.open);
  }

  async look(): Promise<Look> {
    const scope = await loadScope(this.deps);
    const local = await observeLocal(this.deps, scope, {});
    const remote = await observeRemote(this.deps, scope, {});
    return { local, remote, frozen: frozenNodes(this.index, { local, remote }) };
  }

  async write(path: string, content: string): Promise<void> {
    const place = join(this.top, path);
    await mkdir(path.endsWith("/") ? place : dirname(place), { recursive: true });
    if (!path.endsWith("/")) await writeFile(place, content);
  }

  read(path: string): Promise<string> {
    return readFile(join(this.top, path), "utf8");
  }

  async remove(path: string): Promise<void> {
    await rm(join(this.top, path), { recursive: true });
  }

  async rename(from: string, to: string): Promise<void> {
    await mkdir(dirname(join(this.top, to)), { recursive: true });
    await rename(join(this.top, from), join(this.top, to));
  }

  /** The other client writes a file or makes a folder; what is there is replaced. */
  async upload(path: string, content: string): Promise<RemoteItem> {
    if (path.endsWith("/")) return this.other.makeFolder(at(path.slice(0, -1)));
    const bytes = Buffer.from(content);
    const there = await this.other.get(at(path));
    return this.other.upload({
      path: at(path),
      replaces: there?.kind === "file" ? there.rev : undefined,
      size: bytes.length,
      hash: contentHashOf(bytes),
      modified: Date.UTC(2026, 0, 2),
      read: async (offset, lengthMax) => bytes.subarray(offset, offset + lengthMax),
      unchanged: async () => true,
    });
  }

  async removeRemote(path: string): Promise<void> {
    const there = present(await this.other.get(at(path)), path);
    if (there.kind === "file") return this.other.deleteFile(at(path), there.rev);
    for await (const item of this.other.list(at(path), { recursive: true })) {
      if (item.kind === "file") await this.other.deleteFile(item.path, item.rev);
    }
    await this.other.deleteFolder(at(path));
  }

  nodeAt(tree: WholeTree, path: string): NodeId {
    const entry = [...tree.all()].find(({ node }) => pathOf(tree, node) === path);
    return present(entry, path).node;
  }

  /** Paths and nodes of a tree: `a 1, d/ 2`. */
  tree<E extends Entry>(
    tree: WholeTree<E>,
    line: (entry: E) => string = ({ node }) => ` ${node}`,
  ): string {
    return [...tree.all()]
      .map((entry) => {
        const path = pathOf(tree, entry.node) ?? `?/${entry.name}`;
        return `${path}${entry.kind === "folder" ? "/" : ""}${line(entry)}`;
      })
      .toSorted()
      .join(", ");
  }

  /** Paths only. */
  paths(tree: WholeTree): string {
    return this.tree(tree, () => "");
  }

  /** Paths on the server, each with its scope. */
  scopes(): string {
    return this.tree(this.index.remote, ({ scope }) => ` ${scope}`);
  }

  /** The whole rows of a tree as text. */
  rows(tree: WholeTree): string {
    return this.tree(tree, (entry) => JSON.stringify(entry));
  }

  /** What a sync would remember: both sides are equal, by path, and are agreed on. */
  agree(): void {
    const { index } = this;
    index.transaction(() => {
      for (const entry of [...index.remote.all()].toSorted((a, b) => a.node - b.node)) {
        const path = present(pathOf(index.remote, entry.node), "path");
        const local = this.nodeAt(index.local, path);
        if (local !== entry.node) index.rebind(local, entry.node);
        const here = present(index.local.get(entry.node), path);
        const { modified: _, scope: __, ...remote } = entry;
        const { fileId, stamp, trusted } = here;
        index.synced.put({ ...remote, fileId, stamp, trusted, localName: undefined });
        if (entry.kind === "file") index.addHistory(entry.node, entry.rev, entry.hash ?? "");
      }
    });
  }
}

const defaults: EngineConfig = {
  workspace: "w1",
  link: "l1",
  account: "",
  device: "desk",
  tool: "snap 0.1.0",
  repos: "refuse",
  overridden: () => false,
  excluded: () => [],
  exclude: () => {},
  newRemoteFolders: "sync",
};
