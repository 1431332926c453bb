import { isIPv4, isIPv6 } from "node:net";

/** Names that a CA may speak for. */
export type ConstrainedNames = {
  readonly domains: readonly string[];
  readonly ranges: readonly AddressRange[];
};

/** An address and the count of its leading bits that matter. */
export type AddressRange = { readonly address: string; readonly bits: number };

/** Where the extension stands in a certificate. */
export const nameConstraintsId = "2.5.29.30";

/** Tags of DER, and of `GeneralName` and `NameConstraints` in RFC 5280. */
const sequence = 0x30;
const dnsName = 0x82;
const ipAddress = 0x87;
const permittedSubtrees = 0xa0;

/**
 * The extension `nameConstraints` (RFC 5280, 4.2.1.10), which the certificate library does not know: a certificate
 * below the CA is only valid for these domains, what is below them, and these ranges of addresses.
 */
export function nameConstraints(names: ConstrainedNames): Uint8Array<ArrayBuffer> {
  const permitted = subtreesOf(names).map((base) => element(sequence, base));
  return Uint8Array.from(element(sequence, element(permittedSubtrees, Buffer.concat(permitted))));
}

/**
 * Whether an extension that `nameConstraints` made lets through a host name or a single address.
 */
export function permits(extension: Uint8Array, name: string): boolean {
  const permitted = elementsOf(contentOf(contentOf(extension))).map(contentOf);
  if (isIPv4(name) || isIPv6(name)) {
    const address = addressBytes(name);
    return permitted.some((base) => base[0] === ipAddress && isInRange(contentOf(base), address));
  }
  return permitted.some((base) => {
    const domain = Buffer.from(contentOf(base)).toString("latin1");
    return base[0] === dnsName && (name === domain || name.endsWith(`.${domain}`));
  });
}

function isInRange(range: Uint8Array, address: Uint8Array): boolean {
  const half = range.length / 2;
  if (half !== address.length) return false;
  return address.every((byte, index) => {
    const mask = range[half + index] ?? 0;
    return (byte & mask) === ((range[index] ?? 0) & mask);
  });
}

function subtreesOf({ domains, ranges }: ConstrainedNames): readonly Uint8Array[] {
  return [
    ...domains.map((domain) => element(dnsName, Buffer.from(domain, "latin1"))),
    ...ranges.map((range) => element(ipAddress, Buffer.concat(rangeBytes(range)))),
  ];
}

/** Tag, length, content. */
function element(tag: number, content: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from([tag, ...lengthBytes(content.length)]), content]);
}

/** Up to 127 in one byte, else a count of bytes and then these. */
function lengthBytes(length: number): readonly number[] {
  if (length < 0x80) return [length];
  const bytes: number[] = [];
  for (let left = length; left > 0; left = Math.floor(left / 256)) bytes.unshift(left % 256);
  return [0x80 + bytes.length, ...bytes];
}

/** Where the content of an element begins, and where it ends. */
function boundsOf(bytes: Uint8Array): readonly [number, number] {
  const first = bytes[1] ?? 0;
  if (first < 0x80) return [2, 2 + first];
  const start = 2 + (first & 0x7f);
  const length = bytes.subarray(2, start).reduce((sum, byte) => sum * 256 + byte, 0);
  return [start, start + length];
}

function contentOf(bytes: Uint8Array): Uint8Array {
  return bytes.subarray(...boundsOf(bytes));
}

/** The elements that stand one after the other. */
function elementsOf(bytes: Uint8Array): readonly Uint8Array[] {
  const elements: Uint8Array[] = [];
  for (let left = bytes; left.length > 0;) {
    const [, end] = boundsOf(left);
    elements.push(left.subarray(0, end));
    left = left.subarray(end);
  }
  return elements;
}

/** The address, then the mask of its range. */
function rangeBytes({ address, bits }: AddressRange): readonly Uint8Array[] {
  const bytes = addressBytes(address);
  const mask = bytes.map((_, index) => {
    const ones = Math.min(8, Math.max(0, bits - index * 8));
    return 256 - 2 ** (8 - ones);
  });
  return [bytes, mask];
}

/** The 4 or 16 bytes of an address in the form that URLs have it. */
function addressBytes(address: string): Uint8Array {
  if (isIPv4(address)) return Uint8Array.from(address.split("."), Number);
  if (!isIPv6(address)) throw new TypeError(`Not an address: ${address}`);
  const [head = "", tail] = address.split("::");
  const before = groupsOf(head);
  const after = groupsOf(tail ?? "");
  const between = Array<number>(8 - before.length - after.length).fill(0);
  return Uint8Array.from(
    [...before, ...between, ...after].flatMap((group) => [group >> 8, group & 0xff]),
  );
}

function groupsOf(text: string): readonly number[] {
  return text === "" ? [] : text.split(":").map((group) => Number.parseInt(group, 16));
}
