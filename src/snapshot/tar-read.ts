import { Header } from "tar/header";
import { SnapError } from "../std/error.ts";
import { readExtended, type Extended } from "./tar-extended.ts";

const recordBytes = 512;

/** X13: the longest extended header or long name. */
const extendedBytesMax = 1024 * 1024;

/** X13: the most that an archive holds, headers of every kind. */
const headersMax = 20_000_000;

/** What a member is; `odd` is one that tells no whole file: part of a sparse one, or of another program's own kind. */
export type ReadType = "file" | "folder" | "symlink" | "link" | "other" | "odd";

/** One member of an archive that is read. */
export type ReadMember = {
  /** As it stands there. */
  readonly name: Buffer;
  readonly type: ReadType;
  readonly size: number;
  readonly mode: number | undefined;
  /** Nanoseconds since 1970, decimal. */
  readonly modifiedNs: string | undefined;
  /** Of symlinks and hard links. */
  readonly target: Buffer;
  /** The bytes of a file, to be taken before the next member or never. */
  readonly content: () => AsyncGenerator<Uint8Array>;
};

/**
 * The members of a tar archive, in its order: ustar, pax and GNU, read once, front to back. Headers are held one at a time.
 *
 * @throws {SnapError} `usage` for what is no tar archive; `damaged` for one that is cut off or damaged; `too-large` (X13)
 */
export async function* tarMembers(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<ReadMember> {
  const input = new TarInput(bytes);
  let extended: Extended = {};
  let global: Extended = {};
  for (let count = 0; ; count += 1) {
    if (count > headersMax) throw tooLarge(`more than ${headersMax} headers`);
    const record = await input.exactly(recordBytes);
    if (record === undefined) throw cutOff(count === 0);
    if (record.every((byte) => byte === 0)) break;
    const header = headerOf(record, count === 0);
    const size = sizeOf(header);
    const own = await ownHeader(input, header, size);
    if (own === undefined) {
      const facts = { ...global, ...extended };
      extended = {};
      yield* memberOf(input, { header, record, extended: facts });
    } else if (header.typeKey === "g") global = { ...global, ...own, path: undefined };
    else extended = { ...extended, ...own };
  }
  await input.refuseMore();
}

/** The content of a header that only describes the next member; undefined where it is a member. */
async function ownHeader(
  input: TarInput,
  { typeKey }: Header,
  size: number,
): Promise<Extended | undefined> {
  const kind = String(typeKey);
  if (!["x", "g", "X", "L", "K", "N"].includes(kind)) return undefined;
  if (size > extendedBytesMax) throw tooLarge(`a header of ${size} bytes`);
  const body = await input.exactly(size);
  if (body === undefined) throw cutOff(false);
  await input.skipPadding(size);
  if (kind === "L" || kind === "N") return { path: untilNul(body) };
  if (kind === "K") return { linkpath: untilNul(body) };
  return readExtended(body);
}

type Headed = { readonly header: Header; readonly record: Buffer; readonly extended: Extended };

async function* memberOf(input: TarInput, headed: Headed): AsyncGenerator<ReadMember> {
  const { header, record, extended } = headed;
  const type = typeOf(headed);
  // A name of a file that is there already has no content, whatever its header says.
  const size = header.typeKey === "1" ? 0 : (extended.size ?? sizeOf(header));
  if (header.typeKey === "S") await skipSparseMap(input, record[482]);
  input.startBody(size);
  yield {
    name: nameOf(headed),
    type,
    size,
    mode: header.mode,
    modifiedNs: extended.modifiedNs ?? secondsOf(header),
    target: extended.linkpath ?? untilNul(record.subarray(157, 257)),
    content: () => input.body(),
  };
  await input.endBody();
  await input.skipPadding(size);
}

/** Where the pieces of a sparse file are, in GNU's old form: more records of it may follow the header. */
async function skipSparseMap(input: TarInput, isMore: number | undefined): Promise<void> {
  for (let more = isMore; more !== undefined && more !== 0;) {
    const record = await input.exactly(recordBytes);
    if (record === undefined) throw cutOff(false);
    more = record[504];
  }
}

function headerOf(record: Buffer, isFirst: boolean): Header {
  try {
    const header = new Header(record);
    if (header.cksumValid) return header;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
  }
  throw isFirst ? noArchive() : damaged("holds something that is no tar header");
}

function sizeOf({ size, type }: Header): number {
  if (type === "Directory") return 0;
  if (size !== undefined && Number.isSafeInteger(size)) return size;
  throw damaged("has a header without a size");
}

const types: Readonly<Record<string, ReadType>> = {
  File: "file",
  OldFile: "file",
  ContiguousFile: "file",
  Directory: "folder",
  GNUDumpDir: "folder",
  SymbolicLink: "symlink",
  Link: "link",
  CharacterDevice: "other",
  BlockDevice: "other",
  FIFO: "other",
};

function typeOf(headed: Headed): ReadType {
  if (headed.extended.isSparse === true) return "odd";
  const type = types[headed.header.type] ?? "odd";
  return type === "file" && nameOf(headed).at(-1) === 0x2f ? "folder" : type;
}

function nameOf({ record, extended }: Headed): Buffer {
  if (extended.path !== undefined) return extended.path;
  const name = untilNul(record.subarray(0, 100));
  const isUstar = record.toString("latin1", 257, 263) === "ustar\0";
  const prefix = isUstar ? untilNul(record.subarray(345, 500)) : Buffer.alloc(0);
  return prefix.length === 0 ? name : Buffer.concat([prefix, Buffer.from("/"), name]);
}

function secondsOf({ mtime }: Header): string | undefined {
  const ms = mtime?.getTime() ?? Number.NaN;
  return Number.isNaN(ms) ? undefined : `${BigInt(Math.trunc(ms)) * 1_000_000n}`;
}

function untilNul(bytes: Buffer): Buffer {
  const end = bytes.indexOf(0);
  return end < 0 ? bytes : bytes.subarray(0, end);
}

/** The bytes of an archive, taken in pieces of a wanted length. */
class TarInput {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array();
  #bodyLeft = 0;

  constructor(bytes: AsyncIterable<Uint8Array>) {
    this.#chunks = bytes[Symbol.asyncIterator]();
  }

  /** So many bytes; undefined at the end. @throws {SnapError} `damaged` where it ends within them */
  async exactly(length: number): Promise<Buffer | undefined> {
    const parts: Uint8Array[] = [];
    let found = 0;
    while (found < length) {
      const part = await this.#upTo(length - found);
      if (part === undefined) break;
      parts.push(part);
      found += part.length;
    }
    if (found === 0 && length > 0) return undefined;
    if (found < length) throw cutOff(false);
    return Buffer.concat(parts);
  }

  startBody(size: number): void {
    this.#bodyLeft = size;
  }

  /** What was not taken yet of the bytes of a member. @throws {SnapError} `damaged` where the archive ends before */
  async *body(): AsyncGenerator<Uint8Array> {
    while (this.#bodyLeft > 0) {
      const part = await this.#upTo(this.#bodyLeft);
      if (part === undefined) throw cutOff(false);
      this.#bodyLeft -= part.length;
      yield part;
    }
  }

  async endBody(): Promise<void> {
    const rest = this.body();
    while ((await rest.next()).done !== true);
  }

  async skipPadding(size: number): Promise<void> {
    const padding = Math.ceil(size / recordBytes) * recordBytes - size;
    if (padding > 0 && (await this.exactly(padding)) === undefined) throw cutOff(false);
  }

  /** Reads to the end, so that a packed archive is proved whole. What follows must be nothing but zeros: tar pads with them. */
  async refuseMore(): Promise<void> {
    for (;;) {
      const part = await this.#upTo(Number.POSITIVE_INFINITY);
      if (part === undefined) return;
      if (part.some((byte) => byte !== 0)) throw damaged("goes on behind its end");
    }
  }

  async #upTo(length: number): Promise<Uint8Array | undefined> {
    while (this.#rest.length === 0) {
      const { done, value } = await this.#chunks.next();
      if (done === true) return undefined;
      this.#rest = value;
    }
    const part = this.#rest.subarray(0, length);
    this.#rest = this.#rest.subarray(part.length);
    return part;
  }
}

function noArchive(): SnapError {
  return new SnapError("usage", "This is no tar archive", {
    hint: "Archives are .tar, .tar.gz or .tar.zst; `snap export` writes such ones.",
  });
}

function cutOff(isEmpty: boolean): SnapError {
  return isEmpty ? noArchive() : damaged("is cut off");
}

function damaged(problem: string): SnapError {
  return new SnapError("damaged", `The archive ${problem}`, {
    hint: "Get it once more from where it comes from; archives that were joined are imported one by one. Nothing was imported.",
  });
}

function tooLarge(what: string): SnapError {
  return new SnapError("too-large", `The archive has ${what}`, {
    hint: "No such archive is read.",
  });
}
