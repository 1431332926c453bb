import { assert } from "../../std/assert.ts";
import type { Kind } from "../tree/node.ts";
import { pathKeyOf } from "./path-key.ts";

/** Longest name in UTF-8 bytes that every side can hold (X1, S88). */
export const nameBytesMax = 255;

/**
 * Check one component of a path that came from a server, an archive or a manifest, before any use of it (X1).
 *
 * @returns what is wrong with it, as the end of a sentence ("the name …"); undefined if nothing is.
 */
export function nameProblem(name: string): string | undefined {
  if (name === "") return "is empty";
  if (name === "." || name === "..") return `is "${name}"`;
  if (name.includes("/")) return "contains a slash";
  if (name.includes("\\")) return "contains a backslash";
  if (name.includes("\0")) return "contains a NUL character";
  if (!name.isWellFormed()) return "is not well-formed Unicode";
  if (Buffer.byteLength(name) > nameBytesMax) return `is longer than ${nameBytesMax} bytes`;
  return undefined;
}

const outsideNames: ReadonlySet<string> = new Set([
  ".snap",
  "desktop.ini",
  "thumbs.db",
  ".ds_store",
  "icon\r",
  ".dropbox",
  ".dropbox.attr",
  ".dropbox.cache",
]);

/** Names that are never synced, on either side and whatever the rules say (S92): our own, and those of systems. */
export function isOutsideName(name: string): boolean {
  const key = pathKeyOf(name);
  if (outsideNames.has(key)) return true;
  if (key.startsWith(".snap-tmp-") || key.startsWith("~$") || key.startsWith(".~")) return true;
  return key.startsWith("~") && key.endsWith(".tmp");
}

/** How a copy is told apart from its original. `taken` is asked by name and must compare by key. */
export type CopyContext = { readonly taken: (name: string) => boolean };

/** Who made a conflicted copy, and when: `date` is `YYYY-MM-DD`. */
export type ConflictContext = CopyContext & { readonly device: string; readonly date: string };

/** `<stem> (conflicted copy <device> YYYY-MM-DD)<ext>`, or with a number where that is taken (S87, S88). */
export function conflictName(name: string, kind: Kind, context: ConflictContext): string {
  const label = `conflicted copy ${deviceLabel(context.device)} ${context.date}`;
  return labelledName(splitName(name, kind), label, context.taken);
}

/** `<stem> (case conflict)<ext>`: the server's name of one of two local names with one key (S42). */
export function caseConflictName(name: string, kind: Kind, context: CopyContext): string {
  return labelledName(splitName(name, kind), "case conflict", context.taken);
}

/** `<stem> (recovered edit YYYY-MM-DD)<ext>`: what a program wrote to a file after it had been replaced (S65). */
export function recoveredName(
  name: string,
  context: CopyContext & Pick<ConflictContext, "date">,
): string {
  return labelledName(splitName(name, "file"), `recovered edit ${context.date}`, context.taken);
}

/** `<name> (left over YYYY-MM-DD)`: a folder with nothing in it that is synced, which made way for something of the server (S70). */
export function leftoverName(
  name: string,
  { date, taken }: CopyContext & Pick<ConflictContext, "date">,
): string {
  return labelledName(splitName(originalOfLeftover(name), "folder"), `left over ${date}`, taken);
}

/** What made way once, or was a conflicted copy while something in it was synced, goes back to the name that it had first. */
function originalOfLeftover(name: string): string {
  const first = name.replace(/ \(left over \d{4}-\d\d-\d\d(?: \d+)?\)$/, "");
  const original = originalOfConflictName(first);
  return original === undefined ? first : originalOfLeftover(original);
}

/** Whether a name looks like a copy that `conflictName` made of anything. */
export function isConflictName(name: string): boolean {
  return name.includes(" (conflicted copy ");
}

/** Whether a name looks like a copy that `conflictName` made of another, by any device on any day. */
export function isConflictNameOf(copy: string, name: string, kind: Kind): boolean {
  return isLabelled(copy, splitName(name, kind), "conflicted copy ");
}

/** The name of which a conflicted copy is one, unless it was cut to make room; undefined for a name that is none. */
export function originalOfConflictName(copy: string): string | undefined {
  const start = copy.lastIndexOf(" (conflicted copy ");
  const end = copy.lastIndexOf(")");
  return start < 1 || end < start ? undefined : copy.slice(0, start) + copy.slice(end + 1);
}

/**
 * Whether a name is exactly what `conflictName` makes of another, by some device on some day: a stem is cut only where there is
 * no room for it.
 */
export function isConflictedCopyOf(copy: string, name: string, kind: Kind): boolean {
  const start = copy.lastIndexOf(" (conflicted copy ");
  const { stem, extension } = splitName(name, kind);
  if (start < 1 || copy === name || !copy.endsWith(`)${extension}`)) return false;
  const tail = copy.slice(start);
  return cutGraphemes(stem, nameBytesMax - Buffer.byteLength(tail)) + tail === copy;
}

/** Whether a name looks like one that `caseConflictName` made of another. */
export function isCaseConflictNameOf(copy: string, name: string, kind: Kind): boolean {
  return isLabelled(copy, splitName(name, kind), "case conflict");
}

/** `<stem> 2<ext>`: a plain name for a second file (S88). */
export function numberedName(name: string, kind: Kind, number: number): string {
  const { stem, extension } = splitName(name, kind);
  const tail = ` ${number}${extension}`;
  return cutGraphemes(stem, nameBytesMax - Buffer.byteLength(tail)) + tail;
}

type SplitName = { readonly stem: string; readonly extension: string };

/** Longer endings are no extensions: they would leave no room for the stem. */
const extensionBytesMax = 64;
const deviceBytesMax = 64;
const copiesMax = 100_000;

/** Only the last extension counts; folders and dot files have none (S87). */
function splitName(name: string, kind: Kind): SplitName {
  const dot = name.lastIndexOf(".");
  const extension = name.slice(dot);
  const has = kind === "file" && dot > 0 && !name.startsWith(".") && dot < name.length - 1;
  if (!has || Buffer.byteLength(extension) > extensionBytesMax)
    return { stem: name, extension: "" };
  return { stem: name.slice(0, dot), extension };
}

function labelledName(
  { stem, extension }: SplitName,
  label: string,
  taken: (name: string) => boolean,
): string {
  for (let copy = 1; copy <= copiesMax; copy += 1) {
    const tail = ` (${label}${copy === 1 ? "" : ` ${copy}`})${extension}`;
    const room = nameBytesMax - Buffer.byteLength(tail);
    const name = cutGraphemes(stem, room) + tail;
    if (!taken(name)) return name;
  }
  assert(false, "a folder holds fewer copies of one name than the limit");
}

function isLabelled(copy: string, { stem, extension }: SplitName, label: string): boolean {
  const start = copy.lastIndexOf(` (${label}`);
  if (start < 1 || !copy.endsWith(`)${extension}`)) return false;
  // A long stem was cut to make room.
  return stem.startsWith(copy.slice(0, start));
}

/** Characters that some file system or server refuses in a name. */
const illegalInNames = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}/\\:*?"<>|]/gu;

function deviceLabel(device: string): string {
  const legal = device.replace(illegalInNames, "").trim();
  return cutGraphemes(legal, deviceBytesMax).trim() || "this device";
}

/**
 * The longest start of a text that ends between two graphemes and has at most so many UTF-8 bytes. It then has at most
 * so many UTF-16 units as well: no character has fewer bytes than units.
 */
function cutGraphemes(text: string, bytesMax: number): string {
  if (Buffer.byteLength(text) <= bytesMax) return text;
  let bytes = 0;
  let cut = "";
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    bytes += Buffer.byteLength(segment);
    if (bytes > bytesMax) break;
    cut += segment;
  }
  return cut;
}

/** Controls, line separators, marks that turn the direction of writing, and surrogates without their other half (X16). */
const unprintable =
  /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/gu;

/** A name or path for people: what could move the cursor or turn the text around is shown as an escape (X16). */
export function displayName(text: string): string {
  return text.replace(unprintable, (character) => {
    const code = character.charCodeAt(0);
    return code < 0x100
      ? `\\x${code.toString(16).padStart(2, "0")}`
      : `\\u${code.toString(16).padStart(4, "0")}`;
  });
}
