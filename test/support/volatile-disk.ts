import fs from "node:fs";
import promises, { type FileHandle } from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import path from "node:path";

/** A file or folder, whatever its name. */
type Node = {
  readonly number: number;
  /** Of a folder: what is in it now, and what of that a power cut leaves. */
  readonly entries?: { now: Map<string, Node>; durable: ReadonlyMap<string, Node> };
  /** Of a file: what of its bytes a power cut leaves. */
  durable: Buffer;
};

/** What a power cut leaves: of names and of content what was flushed, or what happened last. */
export type Loss = {
  readonly names: "flushed" | "all";
  readonly content: "flushed" | "all";
};

/** A moment at which the power may be cut. */
export type Moment = {
  /** What was acknowledged by then. */
  readonly told: readonly string[];
  /** The call before it, for messages. */
  readonly after: string;
  /** What is there after the cut: path below the top, and bytes; folders have none. */
  readonly files: ReadonlyMap<string, Buffer | undefined>;
};

/** What a call throws once the process is dead. */
class Dead extends Error {}

/**
 * A disk below a folder on which everything is volatile until it is flushed: the content of a file until its own fsync, the names in a
 * folder until that of the folder. It watches the calls of this process, and keeps what a power cut after each of them would leave.
 */
export class VolatileDisk implements Disposable {
  readonly #top: string;
  readonly #root: Node;
  readonly #losses: readonly Loss[];
  readonly #original: Pick<typeof promises, Patched>;
  readonly #moments = new Map<string, Moment>();
  #told: readonly string[] = [];
  #nodes = 0;
  #callsLeft = Number.POSITIVE_INFINITY;

  constructor(top: string, losses: readonly Loss[]) {
    this.#top = top;
    this.#losses = losses;
    this.#root = this.#nodeOf(top);
    const { open, mkdir, rename, link, rm, rmdir } = promises;
    this.#original = { open, mkdir, rename, link, rm, rmdir };
    this.#patch();
    this.#note("the start");
  }

  /** Something was promised to the user: every later moment must keep it. */
  tell(what: string): void {
    this.#told = [...this.#told, what];
    this.#note(`"${what}" was told`);
  }

  /** The process dies at a call that changes something or flushes, and does nothing afterwards; whether that was reached. */
  async dying(calls: number, act: () => Promise<unknown>): Promise<boolean> {
    this.#callsLeft = calls;
    try {
      await act();
      return false;
    } catch (error) {
      if (this.#callsLeft >= 0) throw error;
      return true;
    } finally {
      this.#callsLeft = Number.POSITIVE_INFINITY;
    }
  }

  /** What power cuts leave, each different outcome once. */
  get moments(): readonly Moment[] {
    return [...this.#moments.values()];
  }

  /** What a power cut would leave right now. */
  get cut(): readonly Moment[] {
    return this.#losses.map((loss) => this.#momentOf("now", loss));
  }

  [Symbol.dispose](): void {
    Object.assign(promises, this.#original);
    syncBuiltinESMExports();
  }

  #nodeOf(place: string): Node {
    this.#nodes += 1;
    const number = this.#nodes;
    if (!fs.statSync(place).isDirectory()) return { number, durable: fs.readFileSync(place) };
    const found = fs.readdirSync(place).map((name) => [name, this.#nodeOf(path.join(place, name))]);
    const now = new Map(found as [string, Node][]);
    return { number, durable: Buffer.alloc(0), entries: { now, durable: new Map(now) } };
  }

  #newNode(kind: "file" | "folder"): Node {
    this.#nodes += 1;
    const shared = { number: this.#nodes, durable: Buffer.alloc(0) };
    return kind === "file"
      ? shared
      : { ...shared, entries: { now: new Map(), durable: new Map() } };
  }

  /** Undefined for what is not below the top, and for what is not there. */
  #at(place: string): Node | undefined {
    const below = path.relative(this.#top, place);
    if (below.startsWith("..")) return undefined;
    const names = below === "" ? [] : below.split("/");
    return names.reduce<Node | undefined>((node, name) => node?.entries?.now.get(name), this.#root);
  }

  #set(place: string, node: Node | undefined): void {
    const names = this.#at(path.dirname(place))?.entries?.now;
    if (node === undefined) names?.delete(path.basename(place));
    else names?.set(path.basename(place), node);
  }

  #patch(): void {
    const real = this.#original;
    const changing =
      <A extends readonly unknown[], R>(
        name: string,
        call: (...given: A) => Promise<R>,
        done: (result: R, ...given: A) => void,
      ) =>
      async (...given: A): Promise<R> => {
        this.#live();
        const result = await call(...given);
        done(result, ...given);
        this.#note(`${name} ${given.slice(0, 2).map(String).join(" ")}`);
        return result;
      };
    Object.assign(promises, {
      open: async (...given: Parameters<typeof real.open>) => this.#open(...given),
      mkdir: changing("mkdir", real.mkdir, (_made, place, how) => {
        const isDeep = typeof how === "object" && how?.recursive === true;
        this.#makeFolder(String(place), isDeep);
      }),
      rename: changing("rename", real.rename, (_done, from, to) => {
        const node = this.#at(String(from));
        this.#set(String(from), undefined);
        this.#set(String(to), node);
      }),
      link: changing("link", real.link, (_done, from, to) => {
        this.#set(String(to), this.#at(String(from)));
      }),
      rm: changing("rm", real.rm, (_done, place) => this.#set(String(place), undefined)),
      rmdir: changing("rmdir", real.rmdir, (_done, place) => this.#set(String(place), undefined)),
    });
    syncBuiltinESMExports();
  }

  #live(): void {
    this.#callsLeft -= 1;
    if (this.#callsLeft < 0) throw new Dead("the process is dead");
  }

  #makeFolder(place: string, isDeep: boolean): void {
    if (this.#at(place) !== undefined || path.relative(this.#top, place).startsWith("..")) return;
    if (isDeep) this.#makeFolder(path.dirname(place), true);
    this.#set(place, this.#newNode("folder"));
  }

  async #open(...given: Parameters<typeof promises.open>): Promise<FileHandle> {
    const [called] = given;
    const isNew = this.#at(String(called)) === undefined;
    if (this.#callsLeft < 0) throw new Dead("the process is dead");
    const handle = await this.#original.open(...given);
    if (isNew) this.#set(String(called), this.#newNode("file"));
    const node = this.#at(String(called));
    const sync = handle.sync.bind(handle);
    handle.sync = async () => {
      this.#live();
      const bytes =
        node?.entries === undefined ? fs.readFileSync(`/proc/self/fd/${handle.fd}`) : undefined;
      const names = new Map(node?.entries?.now);
      await sync();
      if (node === undefined) return;
      if (node.entries !== undefined) node.entries.durable = names;
      else if (bytes !== undefined) node.durable = bytes;
      this.#note(`fsync ${String(called)}`);
    };
    return handle;
  }

  #note(after: string): void {
    for (const loss of this.#losses) {
      const moment = this.#momentOf(after, loss);
      const key = JSON.stringify([
        moment.told,
        [...moment.files].map(([name, bytes]) => [name, bytes?.length, bytes && sumOf(bytes)]),
      ]);
      if (!this.#moments.has(key)) this.#moments.set(key, moment);
    }
  }

  #momentOf(call: string, loss: Loss): Moment {
    const files = new Map<string, Buffer | undefined>();
    const walk = (node: Node, place: string): void => {
      const { now, durable } = node.entries ?? { now: new Map(), durable: new Map() };
      for (const [name, inner] of loss.names === "all" ? now : durable) {
        const below = place === "" ? name : `${place}/${name}`;
        files.set(
          below,
          inner.entries === undefined ? this.#bytesOf(inner, below, loss) : undefined,
        );
        walk(inner, below);
      }
    };
    walk(this.#root, "");
    const after = `${call} (names: ${loss.names}, content: ${loss.content})`;
    return { told: this.#told, after, files };
  }

  #bytesOf(node: Node, below: string, { content }: Loss): Buffer {
    const place = path.join(this.#top, below);
    if (content === "flushed" || this.#at(place) !== node) return node.durable;
    return fs.readFileSync(place);
  }
}

type Patched = "open" | "mkdir" | "rename" | "link" | "rm" | "rmdir";

const sums = new WeakMap<Buffer, number>();

/** Tells apart what the test writes: a buffer is asked for many times. */
function sumOf(bytes: Buffer): number {
  const known = sums.get(bytes);
  if (known !== undefined) return known;
  const sum = bytes.reduce((total, byte) => (total * 31 + byte) % 4_294_967_291, 7);
  sums.set(bytes, sum);
  return sum;
}

/** Put what a power cut left into an empty folder. */
export function putBack({ files }: Moment, into: string): void {
  fs.mkdirSync(into, { recursive: true });
  for (const [name, bytes] of files) {
    const place = path.join(into, name);
    if (bytes === undefined) fs.mkdirSync(place, { recursive: true });
    else fs.writeFileSync(place, bytes, { mode: 0o600 });
  }
}
