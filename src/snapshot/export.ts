import { canonicalJson } from "../core/snapshot/checked-json.ts";
import { encodeEntry } from "../core/snapshot/entry.ts";
import type { SnapshotEntry } from "../core/snapshot/entry.ts";
import { archiveNames } from "../core/snapshot/export-request.ts";
import type { ExportOptions, ExportTotals } from "../core/snapshot/export-request.ts";
import type { SnapshotRoot } from "../core/snapshot/root.ts";
import { SnapError, throwIfAborted } from "../std/error.ts";
import { endOfArchive } from "./frame.ts";
import { tarHeaders, tarPadding } from "./tar-header.ts";
import type { TarMember } from "./tar-header.ts";

/** One entry that goes into an archive, or one that is gone since the other snapshot. */
export type ExportChange =
  | { readonly entry: SnapshotEntry; readonly gone?: undefined }
  | { readonly entry?: undefined; readonly gone: SnapshotEntry };

/** Where an export gets what it writes. */
export type ExportParts = {
  readonly root: SnapshotRoot;
  /** What is exported, in path order; the same each time it is asked. */
  readonly changes: () => AsyncIterable<ExportChange>;
  /** Verified bytes of a file. */
  readonly open: (entry: SnapshotEntry) => AsyncIterable<Uint8Array>;
};

/** Bytes of a list that are handed over together. */
const chunkBytes = 64 * 1024;

/**
 * A snapshot as a tar archive (N58): first the manifest and what is gone, then folders, files and links in path order. Equal input
 * gives equal bytes. Entries are read three times, for a list in an archive begins with its length; nothing is held but the names of
 * files with several names.
 *
 * @throws {SnapError} `damaged`; `interrupted`
 */
export class TarExport {
  readonly #parts: ExportParts;
  readonly #options: ExportOptions;

  constructor(parts: ExportParts, options: ExportOptions) {
    this.#parts = parts;
    this.#options = options;
  }

  /** What the archive will hold; tells what it will not. */
  async totals(): Promise<ExportTotals> {
    const totals = { entries: 0, bytes: 0, left: 0, deleted: 0 };
    const step = { step: "read entries", total: undefined, bytes: 0, bytesTotal: undefined };
    for await (const { entry, gone } of this.#changes()) {
      if (gone !== undefined) {
        totals.deleted += 1;
        continue;
      }
      if (isHeld(entry)) {
        totals.entries += 1;
        totals.bytes += entry.size ?? 0;
        this.#options.onProgress?.({ ...step, done: totals.entries, current: entry.path });
      }
      // A folder that could not be listed is there, and not what is in it.
      if (!isHeld(entry) || entry.flags.includes("unreadable")) {
        totals.left += 1;
        this.#options.onLeft?.(entry);
      }
    }
    return totals;
  }

  /** The bytes of the archive. */
  async *bytes(totals: ExportTotals): AsyncGenerator<Uint8Array> {
    yield* this.#list(archiveNames.manifest, ({ entry }) => entry && encodeEntry(entry));
    if (this.#options.since !== undefined)
      yield* this.#list(archiveNames.deleted, ({ gone }) => gone && goneLine(gone));
    yield* this.#about();
    yield* this.#members(totals);
    yield endOfArchive;
  }

  async *#list(
    name: string,
    lineOf: (change: ExportChange) => string | undefined,
  ): AsyncGenerator<Uint8Array> {
    let size = 0;
    for await (const change of this.#changes()) {
      const line = lineOf(change);
      if (line !== undefined) size += Buffer.byteLength(line) + 1;
    }
    yield tarHeaders(ownMember(name, size));
    let lines: string[] = [];
    let waiting = 0;
    for await (const change of this.#changes()) {
      const line = lineOf(change);
      if (line === undefined) continue;
      lines.push(`${line}\n`);
      waiting += line.length;
      if (waiting < chunkBytes) continue;
      yield Buffer.from(lines.join(""));
      [lines, waiting] = [[], 0];
    }
    yield Buffer.from(lines.join(""));
    yield tarPadding(size);
  }

  /** What the archive is of, for who reads it. */
  async *#about(): AsyncGenerator<Uint8Array> {
    const { since, paths } = this.#options;
    const about = { format: 1, snapshot: this.#parts.root, since: since?.id, paths };
    const text = Buffer.from(canonicalJson(about));
    yield tarHeaders(ownMember(archiveNames.about, text.length));
    yield text;
    yield tarPadding(text.length);
  }

  async *#members(totals: ExportTotals): AsyncGenerator<Uint8Array> {
    const names = new LinkNames();
    let [done, bytes] = [0, 0];
    for await (const { entry } of this.#changes()) {
      if (entry === undefined || !isHeld(entry)) continue;
      const step = { step: "export", done, total: totals.entries, bytes };
      this.#options.onProgress?.({ ...step, bytesTotal: totals.bytes, current: entry.path });
      const member = memberOf(entry, names.earlierOf(entry));
      yield tarHeaders(member);
      if (member.size > 0) yield* this.#content(entry, member.size);
      done += 1;
      bytes += entry.size ?? 0;
    }
  }

  async *#content(entry: SnapshotEntry, size: number): AsyncGenerator<Uint8Array> {
    let written = 0;
    for await (const piece of this.#parts.open(entry)) {
      throwIfAborted(this.#options.signal);
      written += piece.length;
      yield piece;
    }
    if (written !== size) throw wrongSize(entry, written);
    yield tarPadding(size);
  }

  async *#changes(): AsyncGenerator<ExportChange> {
    const tops = this.#options.paths;
    for await (const change of this.#parts.changes()) {
      throwIfAborted(this.#options.signal);
      const { path } = change.entry ?? change.gone;
      if (tops === undefined || tops.some((top) => path === top || path.startsWith(`${top}/`)))
        yield change;
    }
  }
}

/** Whether the store has all that there is to an entry. */
export function isHeld({ type, blocks }: SnapshotEntry): boolean {
  return type === "folder" || type === "symlink" || (type === "file" && blocks !== undefined);
}

/** Files with several names: the first holds the content, the others point to it. */
class LinkNames {
  readonly #first = new Map<string, SnapshotEntry>();

  /** The earlier entry that is the same file, if there is one. */
  earlierOf(entry: SnapshotEntry): SnapshotEntry | undefined {
    if (entry.type !== "file" || entry.linkGroup === undefined) return undefined;
    const first = this.#first.get(entry.linkGroup);
    if (first === undefined) this.#first.set(entry.linkGroup, entry);
    // One that was written to while it was captured stands for itself.
    return first?.hash === entry.hash ? first : undefined;
  }
}

const usualModes = { file: 0o644, folder: 0o755, symlink: 0o777, other: 0o644 } as const;

function memberOf(entry: SnapshotEntry, earlier: SnapshotEntry | undefined): TarMember {
  const { type, modifiedNs, size = 0 } = entry;
  const mode = entry.mode === undefined ? usualModes[type] : Number.parseInt(entry.mode, 8);
  const shared = { name: nameOf(entry), size: 0, mode, modifiedNs };
  if (earlier !== undefined) return { ...shared, type: "Link", target: nameOf(earlier) };
  if (type === "folder") {
    return { ...shared, name: Buffer.concat([shared.name, Buffer.from("/")]), type: "Directory" };
  }
  if (type === "symlink") return { ...shared, type: "SymbolicLink", target: targetOf(entry) };
  return { ...shared, type: "File", size };
}

function nameOf({ path, pathBytes }: SnapshotEntry): Buffer {
  return pathBytes === undefined ? Buffer.from(path) : Buffer.from(pathBytes, "base64");
}

function targetOf({ linkTarget = "", linkBytes }: SnapshotEntry): Buffer {
  return linkBytes === undefined ? Buffer.from(linkTarget) : Buffer.from(linkBytes, "base64");
}

function ownMember(name: string, size: number): TarMember {
  return { name: Buffer.from(name), type: "File", size, mode: 0o644, modifiedNs: undefined };
}

function goneLine({ path, pathBytes }: SnapshotEntry): string {
  return JSON.stringify({ p: path, pb: pathBytes });
}

function wrongSize({ path, size }: SnapshotEntry, found: number): SnapError {
  return new SnapError("damaged", `"${path}" has ${found} bytes, not ${size ?? 0}`, { path });
}
