import { SnapError } from "../../std/error.ts";

/** The error of everything in a store that is not as it was written: exit 5, and never used. */
export function damagedError(message: string, cause?: unknown): SnapError {
  return new SnapError("damaged", message, {
    hint: "Run `snap verify` to see what is hit; other snapshots can still be used.",
    ...(cause === undefined ? {} : { cause }),
  });
}

/** Whether a text is a SHA-256 in lower-case hex. */
export function isHash(text: string): boolean {
  return text.length === 64 && !/[^0-9a-f]/.test(text);
}

/** UTF-8 bytes as text. @throws {SnapError} `damaged` where they are no UTF-8. */
export function textFromBytes(bytes: Uint8Array, what: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw damagedError(`${what} is not valid text`, cause);
  }
}

/**
 * Canonical JSON: keys sorted, no white space, one line feed at the end; what `jq -cS .` prints. The hash of a
 * root and of `STORE.json` is taken over this text.
 */
export function canonicalJson(value: unknown): string {
  return `${JSON.stringify(isSorted(value) ? value : sorted(value))}\n`;
}

/** What was read from a store is, as a rule: a copy costs three times as much as a look. */
function isSorted(value: unknown): boolean {
  if (Array.isArray(value)) return value.every(isSorted);
  if (!isPlainObject(value)) return true;
  let before = "";
  for (const key of Object.keys(value)) {
    if (key < before || !isSorted(value[key])) return false;
    before = key;
  }
  return true;
}

/** A copy with sorted keys at every depth; without a prototype, so that any key is just a key. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isPlainObject(value)) return value;
  const copy: Record<string, unknown> = Object.create(null);
  for (const key of Object.keys(value).toSorted(byUnits)) copy[key] = sorted(value[key]);
  return copy;
}

function byUnits(a: string, b: string): number {
  return a < b ? -1 : 1;
}

function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * A JSON object from a disk that may lie: every field is taken out by its type, and whatever has another type
 * than it must have throws `damaged` with the name of the document and of the field. Unknown fields are ignored.
 */
export class CheckedRecord {
  readonly #fields: Readonly<Record<string, unknown>>;
  readonly #what: string;

  constructor(value: unknown, what: string) {
    if (!isPlainObject(value)) throw damagedError(`${what} is not a JSON object`);
    this.#fields = value;
    this.#what = what;
  }

  static parse(text: string, what: string): CheckedRecord {
    try {
      return new CheckedRecord(JSON.parse(text), what);
    } catch (error) {
      if (error instanceof SnapError) throw error;
      throw damagedError(`${what} is not valid JSON`, error);
    }
  }

  /** The canonical text of the object without one of its fields. */
  canonicalWithout(key: string): string {
    return canonicalJson({ ...this.#fields, [key]: undefined });
  }

  canonical(): string {
    return canonicalJson(this.#fields);
  }

  has(key: string): boolean {
    return this.#own(key) !== undefined;
  }

  isText(key: string): boolean {
    return isText(this.#own(key));
  }

  text(key: string): string {
    const value = this.#own(key);
    return typeof value === "string" ? value : this.#refuse(key);
  }

  optionalText(key: string): string | undefined {
    return this.has(key) ? this.text(key) : undefined;
  }

  /** A whole number from 0 that a double holds exactly. */
  count(key: string): number {
    const value = this.#own(key);
    return isCount(value) ? value : this.#refuse(key);
  }

  optionalCount(key: string): number | undefined {
    return this.has(key) ? this.count(key) : undefined;
  }

  optionalFlag(key: string): boolean | undefined {
    const value = this.#own(key);
    return value === undefined || typeof value === "boolean" ? value : this.#refuse(key);
  }

  hash(key: string): string {
    const value = this.text(key);
    return isHash(value) ? value : this.#refuse(key);
  }

  texts(key: string): readonly string[] {
    const value = this.#own(key);
    return Array.isArray(value) && value.every(isText) ? value : this.#refuse(key);
  }

  /** Texts by their keys, in the order of the document. */
  textsByKey(key: string): readonly (readonly [string, string])[] {
    const record = this.record(key);
    return Object.keys(record.#fields).map((name) => [name, record.text(name)]);
  }

  hashes(key: string): readonly string[] {
    const value = this.texts(key);
    return value.every(isHash) ? value : this.#refuse(key);
  }

  record(key: string): CheckedRecord {
    return new CheckedRecord(this.#own(key), `${this.#what}, field "${key}",`);
  }

  records(key: string): readonly CheckedRecord[] {
    const value = this.#own(key);
    if (!Array.isArray(value)) return this.#refuse(key);
    return value.map((item) => new CheckedRecord(item, `${this.#what}, field "${key}",`));
  }

  /** One of the given words. */
  choice<T extends string>(key: string, words: readonly T[]): T {
    const value = this.text(key);
    return words.find((word) => word === value) ?? this.#refuse(key);
  }

  #own(key: string): unknown {
    return Object.hasOwn(this.#fields, key) ? this.#fields[key] : undefined;
  }

  #refuse(key: string): never {
    throw damagedError(`${this.#what} has a wrong value in its field "${key}"`);
  }
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}
