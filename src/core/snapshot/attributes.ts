/** Extended attributes of a file, folder or link: values in base64 by name, as `sortedAttributes` orders them. Never empty. */
export type Attributes = Readonly<Record<string, string>>;

/** What one file may have: Linux allows names of 255 bytes and values of 64 KiB; the rest bounds what an entry holds. */
export const attributeLimits: Readonly<
  Record<"nameBytes" | "valueBytes" | "names" | "bytes", number>
> = { nameBytes: 255, valueBytes: 65_536, names: 4096, bytes: 524_288 };

const privilegedName = /^(?:trusted\..+|security\.capability)$/su;
const ordinaryName = /^(?:user\..+|system\.posix_acl_(?:access|default))$/su;

/** What gives rights that a file's owner cannot give: read and set by root alone. */
export function isPrivilegedAttribute(name: string): boolean {
  return privilegedName.test(name);
}

/** Whether a snapshot keeps attributes of this name (N38): no labels of SELinux and the like, which belong to the machine. */
export function isKeptAttribute(name: string): boolean {
  return ordinaryName.test(name) || isPrivilegedAttribute(name);
}

/** In the order of their names; undefined for none. Equal attributes give equal texts. */
export function sortedAttributes(
  attributes: Iterable<readonly [name: string, value: string]>,
): Attributes | undefined {
  const sorted = [...attributes].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return sorted.length === 0 ? undefined : Object.fromEntries(sorted);
}

/** Whether two files have the same ones. */
export function isSameAttributes(a: Attributes = {}, b: Attributes = {}): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}

/** What a file is to have; none, where it is empty. `special`: also what gives rights (X9). */
export type AttributeWish = {
  readonly attributes?: Readonly<Record<string, string>>;
  readonly special?: true;
};

/** What has to be done to a file. */
export type AttributeChanges = {
  readonly set: Readonly<Record<string, string>>;
  readonly remove: readonly string[];
};

/** What makes of the attributes that a file has the wanted ones. What gives rights is removed only where `special` says so. */
export function attributeChanges(
  { attributes: wanted = {}, special }: AttributeWish,
  found: Readonly<Record<string, string>>,
): AttributeChanges {
  const set = Object.entries(wanted).filter(([name, value]) => found[name] !== value);
  const remove = Object.keys(found).filter(
    (name) => wanted[name] === undefined && (special === true || !isPrivilegedAttribute(name)),
  );
  return { set: Object.fromEntries(set), remove };
}

/** Whether a file has what is wanted, as far as something is wanted and it is known what it has. */
export function hasWantedAttributes(
  wish: AttributeWish,
  found: Readonly<Record<string, string>> | undefined,
): boolean {
  if (wish.attributes === undefined || found === undefined) return true;
  const { set, remove } = attributeChanges(wish, found);
  return Object.keys(set).length === 0 && remove.length === 0;
}

/** Why attributes must not stand in a manifest, or undefined. */
export function attributesTrouble(attributes: Attributes): string | undefined {
  const all = Object.entries(attributes);
  if (all.length > attributeLimits.names) return "it has too many extended attributes";
  let bytes = 0;
  for (const [name, value] of all) {
    if (!isKeptAttribute(name) || name.includes("\0") || !name.isWellFormed())
      return "an extended attribute has a name that is not kept";
    if (Buffer.byteLength(name) > attributeLimits.nameBytes || !isBase64(value))
      return "an extended attribute is none";
    if (Buffer.byteLength(value, "base64") > attributeLimits.valueBytes)
      return "an extended attribute is too long";
    bytes += name.length + value.length;
  }
  return bytes > attributeLimits.bytes ? "its extended attributes are too long" : undefined;
}

function isBase64(value: string): boolean {
  return value.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/u.test(value);
}
