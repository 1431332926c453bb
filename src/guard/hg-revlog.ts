import { OpenFile, sizeAt } from "./open-file.ts";
import { inside, type Bytes } from "./read-only.ts";

/** What the index of a revlog says of it. */
export type Revlog = {
  /** Revisions that are whole. */
  readonly count: number;
  /** Revision of the changelog that the last one belongs to. */
  readonly lastLink: number;
  /** Why it is not whole, as the end of a sentence; undefined where its sizes are right. */
  readonly problem: string | undefined;
};

const entryBytes = 64;
const inlineFlag = 0x10000;

/** Revlogs with data in between are kept small by Mercurial. */
const inlineBytesMax = 64 * 1024 * 1024;

/**
 * Compare the sizes of a revlog with what its index records (`hg help internals.revlogs`, version 1).
 *
 * @param name of the index, ending in `.i`
 * @returns undefined where there is none, or it is of a version that is not known here
 */
export function readRevlog(folder: Bytes, name: string): Revlog | undefined {
  using file = OpenFile.open(inside(folder, name));
  if (file === undefined) return undefined;
  if (file.size === 0) return { count: 0, lastLink: -1, problem: undefined };
  const head = file.read(0, 4);
  if (head.length < 4) return { count: 0, lastLink: -1, problem: "ends within its head" };
  const version = head.readUInt32BE();
  if ((version & 0xffff) !== 1) return undefined;
  if ((version & inlineFlag) === 0) return separate(file, folder, name);
  return file.size > inlineBytesMax ? undefined : inline(file.read(0, file.size));
}

/** Entries one after the other, the data in a file beside it. */
function separate(file: OpenFile, folder: Bytes, name: string): Revlog {
  const count = Math.floor(file.size / entryBytes);
  const last = file.read((count - 1) * entryBytes, entryBytes);
  if (file.size % entryBytes !== 0 || last.length < entryBytes) {
    return { count, lastLink: -1, problem: "ends within an entry" };
  }
  // The first entry has the version where the others have the upper half of the offset.
  const offset = count === 1 ? 0 : last.readUInt32BE(0) * 0x10000 + last.readUInt16BE(4);
  const needed = offset + last.readUInt32BE(8);
  const data = sizeAt(folder, name.replace(/\.i$/u, ".d")) ?? 0;
  const isShort = data < needed;
  return {
    count,
    lastLink: last.readInt32BE(20),
    problem: isShort ? `needs ${needed} bytes of data and has ${data}` : undefined,
  };
}

/** After each entry its data. */
function inline(bytes: Buffer): Revlog {
  let [at, count, lastLink] = [0, 0, -1];
  while (at + entryBytes <= bytes.length) {
    const end = at + entryBytes + bytes.readUInt32BE(at + 8);
    if (end > bytes.length) break;
    lastLink = bytes.readInt32BE(at + 20);
    count += 1;
    at = end;
  }
  return { count, lastLink, problem: at === bytes.length ? undefined : "ends within a revision" };
}
