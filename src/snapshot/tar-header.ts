import { Header } from "tar/header";

const recordBytes = 512;

/** What a plain header holds as it is; everything else goes into an extended one. */
const plainNameBytesMax = 99;
const octalMax = 0o77777777777;

const nsPerSecond = 1_000_000_000n;

/** One member of an archive that is written. */
export type TarMember = {
  /** Names as bytes, for they need not be UTF-8; `/` between them, none at the start. */
  readonly name: Buffer;
  readonly type: "File" | "Directory" | "SymbolicLink" | "Link";
  /** Bytes of content that follow; 0 for everything but files. */
  readonly size: number;
  readonly mode: number;
  /** Nanoseconds since 1970, decimal; 0 where it is not known. */
  readonly modifiedNs: string | undefined;
  /** Target of a link, or the name of the earlier member that this is another name of. */
  readonly target?: Buffer;
};

/**
 * The headers of a member, in the form of POSIX.1-2001 (pax): owner and group 0, time in nanoseconds. An extended header goes before
 * where a plain one cannot hold a name, a size or a time. Equal members give equal bytes.
 */
export function tarHeaders(member: TarMember): Buffer {
  const records = extendedRecords(member);
  const plain = plainHeader(member);
  if (records.length === 0) return plain;
  const body = Buffer.concat(records);
  const extended = Buffer.alloc(recordBytes + padded(body.length));
  const path = `PaxHeaders/${plainText(member.name)}`.slice(0, plainNameBytesMax);
  const facts = { path, mode: 0o644, uid: 0, gid: 0, size: body.length, mtime: new Date(0) };
  new Header({ ...facts, type: "ExtendedHeader" }).encode(extended);
  body.copy(extended, recordBytes);
  return Buffer.concat([extended, plain]);
}

/** Bytes that bring a content to whole records. */
export function tarPadding(size: number): Uint8Array {
  return new Uint8Array(padded(size) - size);
}

function padded(size: number): number {
  return Math.ceil(size / recordBytes) * recordBytes;
}

function plainHeader({ name, type, size, mode, modifiedNs, target }: TarMember): Buffer {
  const bytes = Buffer.alloc(recordBytes);
  const { seconds } = timeOf(modifiedNs);
  new Header({
    path: plainText(name),
    mode,
    uid: 0,
    gid: 0,
    size,
    mtime: new Date(Math.min(Math.max(seconds, 0), octalMax) * 1000),
    type,
    ...(target === undefined ? {} : { linkpath: plainText(target) }),
  }).encode(bytes);
  return bytes;
}

function extendedRecords(member: TarMember): readonly Buffer[] {
  const { name, size, modifiedNs, target } = member;
  const { seconds, fraction } = timeOf(modifiedNs);
  const isOddTime = fraction !== 0n || seconds < 0 || seconds > octalMax;
  const names = [name, ...(target === undefined ? [] : [target])];
  const isBinary = names.some((each) => !Buffer.from(each.toString()).equals(each));
  return [
    ...(isBinary ? [record("hdrcharset", Buffer.from("BINARY"))] : []),
    ...(isPlain(name) ? [] : [record("path", name)]),
    ...(target === undefined || isPlain(target) ? [] : [record("linkpath", target)]),
    ...(size > octalMax ? [record("size", Buffer.from(String(size)))] : []),
    ...(isOddTime ? [record("mtime", Buffer.from(decimalSeconds(modifiedNs ?? "0")))] : []),
  ];
}

/** `27 path=some/name\n`: the number counts the whole record, its own digits too. */
function record(key: string, value: Buffer): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${key}=`), value, Buffer.from("\n")]);
  let length = rest.length + 1;
  while (String(length).length + rest.length !== length) {
    length = String(length).length + rest.length;
  }
  return Buffer.concat([Buffer.from(String(length)), rest]);
}

function isPlain(name: Buffer): boolean {
  return name.length <= plainNameBytesMax && name.every((byte) => byte >= 0x20 && byte < 0x7f);
}

/** What stands in the plain header: the name itself, or something like it for programs that know no extended headers. */
function plainText(name: Buffer): string {
  if (isPlain(name)) return name.toString("latin1");
  const shown = name.toString("latin1").replaceAll(/[^\x20-\x7e]/gu, "_");
  const short = shown.slice(-plainNameBytesMax).replace(/^\/+/u, "");
  return short === "" ? "_" : short;
}

/** Whole seconds, rounded down, and the nanoseconds behind them. */
function timeOf(modifiedNs: string | undefined): { seconds: number; fraction: bigint } {
  const ns = BigInt(modifiedNs ?? "0");
  const fraction = ((ns % nsPerSecond) + nsPerSecond) % nsPerSecond;
  return { seconds: Number((ns - fraction) / nsPerSecond), fraction };
}

/** Nanoseconds as decimal seconds: `-1.5` for -1500000000. */
function decimalSeconds(modifiedNs: string): string {
  const ns = BigInt(modifiedNs);
  const [sign, size] = ns < 0n ? ["-", -ns] : ["", ns];
  const fraction = (size % nsPerSecond).toString().padStart(9, "0").replace(/0+$/u, "");
  return `${sign}${size / nsPerSecond}${fraction === "" ? "" : `.${fraction}`}`;
}
