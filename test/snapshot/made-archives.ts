import { Header } from "tar/header";
import { expect } from "vitest";
import { encodeEntry, type SnapshotEntry } from "../../src/core/snapshot/entry.ts";
import type { ExportOptions } from "../../src/core/snapshot/export-request.ts";
import type { SnapshotRoot } from "../../src/core/snapshot/root.ts";
import { ArchiveSource } from "../../src/snapshot/import.ts";
import { tarHeaders, tarPadding, type TarMember } from "../../src/snapshot/tar-header.ts";
import type { OpenedStore } from "../../src/snapshot/store.ts";
import type { Work } from "../../src/std/events.ts";
import { memoryFacts } from "../support/memory-source.ts";
import { MemorySpool } from "../support/memory-spool.ts";
import { ScratchStore, all, damageOf } from "./scratch-store.ts";

/** The two zero records at the end of an archive. */
export const end: Buffer = Buffer.alloc(1024);

/** A member, described by what matters of it. */
export type Part = Partial<Omit<TarMember, "name" | "target">> & {
  readonly name: string | Buffer;
  readonly target?: string;
  readonly content?: string;
};

/** One member as any program might write it. */
export function member({ name, target, content = "", ...facts }: Part): Buffer {
  const plain = { type: "File", mode: 0o644, modifiedNs: "5000000000" } as const;
  const size = Buffer.byteLength(content);
  const bytes = tarHeaders({
    ...plain,
    name: Buffer.from(name),
    size,
    ...facts,
    ...(target === undefined ? {} : { target: Buffer.from(target) }),
  });
  return Buffer.concat([bytes, Buffer.from(content), tarPadding(size)]);
}

/** A header of any type, with a body. */
export function raw(type: string, name: string, body = ""): Buffer {
  const bytes = Buffer.alloc(512);
  const header = new Header({
    path: name,
    mode: 0o644,
    size: Buffer.byteLength(body),
    mtime: new Date(0),
    type: "File",
  });
  header.encode(bytes);
  bytes.write(type, 156, "latin1");
  return Buffer.concat([summed(bytes), Buffer.from(body), tarPadding(Buffer.byteLength(body))]);
}

/** With the sum of its bytes as it is now. */
function summed(record: Buffer): Buffer {
  record.fill(0x20, 148, 156);
  const sum = record.reduce((total, byte) => total + byte, 0);
  record.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return record;
}

async function* inPieces(bytes: Uint8Array, length: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length);
}

/** How an archive comes: what one of changes goes on from, if not what it names; bytes of a piece. */
export type ImportWords = Work & { readonly base?: SnapshotRoot; readonly pieces?: number };

/** An archive as a snapshot of a store. */
export async function imported(
  store: OpenedStore,
  bytes: Uint8Array | AsyncIterable<Uint8Array>,
  { base, pieces = 65_536, ...work }: ImportWords = {},
): Promise<SnapshotRoot> {
  using source = new ArchiveSource({
    ...work,
    bytes: bytes instanceof Uint8Array ? inPieces(bytes, pieces) : bytes,
    facts: memoryFacts,
    makeSpool: () => new MemorySpool(),
    base: (since) => Promise.resolve(store.entries(base?.id ?? since)),
  });
  return (await store.capture(source, { ...work, reason: "import", force: true })).root;
}

/** The bytes of an archive of a snapshot. */
export async function exported(
  store: OpenedStore,
  { id }: SnapshotRoot,
  options: ExportOptions = {},
): Promise<Buffer> {
  const archive = await store.export(id, options);
  return Buffer.concat(await all(archive.bytes(await archive.totals())));
}

/** The lines of the manifest of a snapshot. */
export async function linesOf(
  store: OpenedStore,
  { id }: SnapshotRoot,
): Promise<readonly string[]> {
  return (await all(store.entries(id))).map(encodeEntry);
}

/** What came of an archive. */
export type Result = {
  readonly entries: readonly SnapshotEntry[];
  readonly paths: readonly string[];
  readonly left: readonly string[];
  readonly root: SnapshotRoot;
};

/** What becomes of an archive in a store of its own. */
export async function resultOf(bytes: Uint8Array): Promise<Result> {
  using scratch = new ScratchStore();
  const store = await scratch.open();
  const root = await imported(store, bytes);
  const entries = await all(store.entries(root.id));
  expect(await damageOf(store, 2)).toEqual([]);
  const left = root.left.items.map(({ path, reason }) => `${path}: ${reason}`);
  return { entries, paths: entries.map(({ path }) => path), left, root };
}

/** A file that is taken. */
export const good: Buffer = member({ name: "good", content: "fine" });
