import { execFileSync } from "node:child_process";
import { createCipheriv } from "node:crypto";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SnapshotEntry } from "../../src/core/snapshot/entry.ts";
import type { SnapshotRoot } from "../../src/core/snapshot/root.ts";
import type { VerifyEvent } from "../../src/core/snapshot/store-request.ts";
import type { SnapshotStore } from "../../src/ports.ts";
import { seededRng } from "../../src/std/random.ts";
import { openStore } from "../../src/snapshot/store.ts";
import type { OpenedStore, StoreOptions } from "../../src/snapshot/store.ts";
import { TestClock } from "../support/test-clock.ts";

export type DamagedEvent = Extract<VerifyEvent, { type: "damaged" }>;

/** A store in a folder of its own, removed at the end. */
export class ScratchStore implements Disposable {
  readonly top: string;
  readonly clock: TestClock = new TestClock();
  readonly #folder: string | undefined;
  #opened = 0;

  constructor(top?: string) {
    this.#folder = top === undefined ? mkdtempSync(join(tmpdir(), "snap-store-")) : undefined;
    this.top = top ?? join(this.#folder ?? "", "store");
  }

  /** The store as a process that has just started opens it. */
  open(options: Partial<StoreOptions> = {}): Promise<OpenedStore> {
    this.#opened += 1;
    const rng = seededRng(this.#opened);
    return openStore({
      path: this.top,
      clock: this.clock,
      rng,
      tool: "0.1.0",
      reserve: 0,
      ...options,
    });
  }

  /** Names of all files below a folder of the store, sorted. */
  names(folder = ""): readonly string[] {
    const found = readdirSync(join(this.top, folder), { recursive: true, withFileTypes: true });
    return found
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(this.top.length + 1))
      .toSorted();
  }

  /** The only file below a folder whose name ends so. */
  only(folder: string, ending: string): string {
    const found = this.names(folder).filter((name) => name.endsWith(ending));
    if (found.length !== 1) throw new Error(`${found.length} files ${folder}/*${ending}`);
    return found[0] ?? "";
  }

  read(name: string): Buffer {
    return readFileSync(join(this.top, name));
  }

  write(name: string, bytes: Uint8Array | string): void {
    writeFileSync(join(this.top, name), bytes);
  }

  remove(name: string): void {
    rmSync(join(this.top, name));
  }

  /** Flip one bit of one byte; a negative position counts from the end. */
  flip(name: string, position: number): void {
    const bytes = this.read(name);
    const at = position < 0 ? bytes.length + position : position;
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    this.write(name, bytes);
  }

  /** Run a program inside the store's folder; its output. */
  run(program: string, ...args: readonly string[]): string {
    return execFileSync(program, args, { cwd: this.top, encoding: "utf8", stdio: "pipe" });
  }

  [Symbol.dispose](): void {
    if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Everything that a stream yields. */
export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  return await Array.fromAsync(items);
}

/** The whole content of an entry. */
export async function contentOf(store: SnapshotStore, entry: SnapshotEntry): Promise<Buffer> {
  return Buffer.concat(await all(store.open(entry)));
}

/** One entry of a snapshot. */
export async function entryAt(
  store: SnapshotStore,
  root: SnapshotRoot,
  path: string,
): Promise<SnapshotEntry> {
  const found = (await all(store.entries(root.id))).find((entry) => entry.path === path);
  if (found === undefined) throw new Error(`No entry ${path}`);
  return found;
}

/** What a verification of everything finds damaged. */
export async function damageOf(store: SnapshotStore, level: 0 | 1 | 2): Promise<DamagedEvent[]> {
  return (await all(store.verify({ level }))).filter((event) => event.type === "damaged");
}

/** Bytes that no compressor shortens, the same for each seed. */
export function noise(length: number, seed = 1): Buffer {
  const key = Buffer.alloc(16);
  key.writeUInt32LE(seed);
  return createCipheriv("aes-128-ctr", key, Buffer.alloc(16)).update(Buffer.alloc(length));
}
