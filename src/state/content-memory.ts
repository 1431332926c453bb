import { existsSync, rmSync } from "node:fs";
import { baseName, parentPath, topPath, type RelPath } from "../core/path/rel-path.ts";
import { isHash } from "../core/snapshot/checked-json.ts";
import type { CapturedUnit, KnownUnit } from "../core/repo/unit.ts";
import type { ContentMemory } from "../core/tree/content-memory.ts";
import type { FolderListing, ReadContent } from "../core/tree/local-stat.ts";
import type { ContentHash } from "../core/tree/node.ts";
import { SnapError, isSnapError } from "../std/error.ts";
import type { Logger } from "../std/log.ts";
import { Connection, type Statement } from "./connection.ts";
import { makeEmptyFile } from "./private-file.ts";
import { text } from "./row.ts";

/** Notes that wait in memory until they are written together. */
const notesMax = 4_096;

/** Files whose rows are kept, since others of their folders may be noted soon. */
const stillMax = 16_384;

/** One row a folder: its files as JSON, by name; and one a repository. The numbers go up when the form of a row changes. */
const schema = [
  "CREATE TABLE IF NOT EXISTS contents_1 (folder TEXT PRIMARY KEY, files TEXT) STRICT",
  "CREATE TABLE IF NOT EXISTS units_1 (path TEXT PRIMARY KEY, stamp TEXT, content TEXT) STRICT",
] as const;

/** A file as it is kept: stamp, file id and content hash. */
type Kept = readonly [stamp: string, fileId: string, hash: ContentHash];

/**
 * The file `contents.db` of a workspace (N35). It is opened when it is first asked, and what is noted is written at the latest when
 * it is disposed of. A damaged file is made anew.
 */
export class SqliteContentMemory implements ContentMemory, Disposable {
  readonly #path: string;
  readonly #logger: Logger;
  #open: OpenMemory | undefined;
  readonly #isReadOnly: boolean;
  #isLost: boolean;
  /** What still holds of the folders that were asked for last, oldest first. */
  readonly #still = new Map<string, ReadonlyMap<string, Kept>>();
  #stillFiles = 0;
  /** What is to be written, by folder. */
  readonly #noted = new Map<string, Map<string, Kept>>();
  #notes = 0;

  /**
   * @param path of the file; its folder is there
   * @param options `readOnly`: nothing is written, and nothing kept of what is noted
   */
  constructor(path: string, logger: Logger, options: { readonly readOnly?: boolean } = {}) {
    this.#path = path;
    this.#logger = logger;
    this.#isReadOnly = options.readOnly ?? false;
    this.#isLost = this.#isReadOnly && !existsSync(path);
  }

  hashesIn(listing: FolderListing): ReadonlyMap<string, ContentHash> {
    const row = this.#attempt((memory) => memory.read(listing.path)) ?? {};
    const still = new Map<string, Kept>();
    const hashes = new Map<string, ContentHash>();
    for (const { name, stamp, fileId } of listing.entries) {
      const one = Object.hasOwn(row, name) ? row[name] : undefined;
      if (!isKept(one) || one[0] !== stamp || one[1] !== fileId) continue;
      still.set(name, one);
      hashes.set(name, one[2]);
    }
    this.#remember(listing.path, still);
    return hashes;
  }

  note({ path, stat, startedAt, hash }: ReadContent, granularityNs: bigint): void {
    if (this.#isReadOnly || isRacy(BigInt(stat.newestNs), startedAt, granularityNs)) return;
    const folder = parentPath(path) ?? topPath;
    const inside = this.#noted.get(folder) ?? new Map<string, Kept>();
    this.#noted.set(folder, inside.set(baseName(path), [stat.stamp, stat.fileId, hash]));
    this.#notes += 1;
    if (this.#notes >= notesMax) this.#write();
  }

  unitAt(path: RelPath): KnownUnit | undefined {
    return this.#attempt(({ connection }) =>
      connection
        .prepare("SELECT stamp, content FROM units_1 WHERE path = ?")
        .get((row) => ({ stamp: text(row, "stamp"), content: text(row, "content") }), path),
    );
  }

  noteUnit(path: RelPath, unit: CapturedUnit, granularityNs: bigint): void {
    const { stamp, content, newestNs, startedAt } = unit;
    if (this.#isReadOnly || isRacy(newestNs, startedAt, granularityNs)) return;
    this.#attempt(({ connection }) => {
      const write = connection.prepare(
        "INSERT OR REPLACE INTO units_1 (path, stamp, content) VALUES (?, ?, ?)",
      );
      connection.transaction(() => write.run(path, stamp, content));
    });
  }

  [Symbol.dispose](): void {
    this.#write();
    this.#open?.connection.close();
    this.#open = undefined;
    this.#isLost = true;
  }

  #remember(folder: string, still: ReadonlyMap<string, Kept>): void {
    this.#forget(folder);
    this.#still.set(folder, still);
    this.#stillFiles += still.size;
    for (const oldest of this.#still.keys()) {
      if (this.#stillFiles <= stillMax || oldest === folder) break;
      this.#forget(oldest);
    }
  }

  #forget(folder: string): void {
    this.#stillFiles -= this.#still.get(folder)?.size ?? 0;
    this.#still.delete(folder);
  }

  #write(): void {
    const noted = [...this.#noted];
    this.#noted.clear();
    this.#notes = 0;
    if (noted.length === 0) return;
    this.#attempt((memory) => {
      memory.connection.transaction(() => {
        for (const [folder, files] of noted) {
          const before = this.#still.get(folder) ?? allKept(memory.read(folder));
          memory.write(folder, new Map([...before, ...files]));
        }
      });
    });
    for (const [folder] of noted) this.#forget(folder);
  }

  /** Undefined where the file is of no use; then it is left alone from now on. */
  #attempt<T>(work: (memory: OpenMemory) => T): T | undefined {
    if (this.#isLost) return undefined;
    try {
      this.#open ??= this.#isReadOnly ? connect(this.#path, true) : openMemory(this.#path);
      return work(this.#open);
    } catch (error) {
      if (!isSnapError(error)) throw error;
      this.#giveUp(error);
      return undefined;
    }
  }

  #giveUp(error: SnapError): void {
    this.#isLost = true;
    this.#open?.connection.close();
    this.#open = undefined;
    this.#logger.info("what captures have read is not remembered", { reason: error.message });
    if (isSnapError(error, "damaged") && !this.#isReadOnly) removeFiles(this.#path);
  }
}

/** What was written so shortly before it was read could be written again unseen (S24). */
function isRacy(newestNs: bigint, startedAt: number, granularityNs: bigint): boolean {
  return newestNs >= BigInt(Math.floor(startedAt)) * 1_000_000n - granularityNs;
}

/** The files of a folder by name, as they were found. */
type Row = Readonly<Record<string, unknown>>;

type OpenMemory = {
  readonly connection: Connection;
  readonly read: (folder: string) => Row;
  readonly write: (folder: string, kept: ReadonlyMap<string, Kept>) => void;
};

function openMemory(path: string): OpenMemory {
  try {
    return connect(path);
  } catch (error) {
    if (!isSnapError(error, "damaged")) throw error;
    removeFiles(path);
    return connect(path);
  }
}

function connect(path: string, readOnly = false): OpenMemory {
  if (!readOnly) makeEmptyFile(path);
  const connection = new Connection(path, { readOnly });
  try {
    if (!readOnly) for (const table of schema) connection.execute(table);
    const read: Statement = connection.prepare("SELECT files FROM contents_1 WHERE folder = ?");
    const write = connection.prepare(
      "INSERT OR REPLACE INTO contents_1 (folder, files) VALUES (?, ?)",
    );
    return {
      connection,
      read: (folder) => rowOf(read.get((row) => text(row, "files"), folder)),
      write: (folder, kept) => write.run(folder, JSON.stringify(Object.fromEntries(kept))),
    };
  } catch (error) {
    connection.close();
    throw error;
  }
}

/** A row that this program cannot have written tells nothing. */
function rowOf(json: string | undefined): Row {
  if (json === undefined) return {};
  try {
    const files: unknown = JSON.parse(json);
    return isRow(files) ? files : {};
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}

function isRow(files: unknown): files is Row {
  return typeof files === "object" && files !== null;
}

function allKept(row: Row): ReadonlyMap<string, Kept> {
  return new Map(Object.entries(row).flatMap(([name, one]) => (isKept(one) ? [[name, one]] : [])));
}

function isKept(one: unknown): one is Kept {
  if (!Array.isArray(one) || one.length !== 3) return false;
  const [stamp, fileId, hash]: readonly unknown[] = one;
  const areTexts = typeof stamp === "string" && typeof fileId === "string";
  return areTexts && typeof hash === "string" && isHash(hash);
}

function removeFiles(path: string): void {
  for (const ending of ["", "-wal", "-shm"]) rmSync(`${path}${ending}`, { force: true });
}
