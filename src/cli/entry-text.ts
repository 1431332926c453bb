import { displayName } from "../core/path/names.ts";
import type { SnapshotEntry } from "../core/snapshot/entry.ts";
import { SnapError } from "../std/error.ts";
import { isoSeconds } from "../std/time.ts";
import type { Json } from "../std/json.ts";
import { formatSize, formatTime } from "./format.ts";

/** An entry of a snapshot for programs. */
export function entryFields(entry: SnapshotEntry): Readonly<Record<string, Json>> {
  const { path, type, size, modifiedNs, mode, hash, unit, flags } = entry;
  const { linkTarget, linkGroup, remote } = entry;
  const links = { linkTarget, linkGroup };
  return { path, kind: type, size, modifiedNs, mode, hash, ...links, remote, unit, flags };
}

/** An entry of a snapshot as a line of a list. */
export function entryText(entry: SnapshotEntry): string {
  const size = entry.type === "file" ? formatSize(entry.size ?? 0) : "";
  const time = entry.modifiedNs === undefined ? "" : formatTime(msOf(entry.modifiedNs));
  const target = entry.linkTarget === undefined ? "" : ` -> ${displayName(entry.linkTarget)}`;
  const slash = entry.type === "folder" ? "/" : "";
  const words = entry.flags.map((flag) => (flag === "thin" ? "only in Dropbox" : flag));
  const flags = words.length === 0 ? "" : `  (${words.join(", ")})`;
  return `${modeText(entry)}  ${size.padStart(9)}  ${time.padEnd(22)}  ${displayName(entry.path)}${slash}${target}${flags}`;
}

function msOf(modifiedNs: string): number {
  return Number(BigInt(modifiedNs) / 1_000_000n);
}

/** As `ls -l` writes it. */
function modeText({ type, mode }: SnapshotEntry): string {
  const kind = { file: "-", folder: "d", symlink: "l", other: "?" }[type];
  const bits = mode === undefined ? undefined : Number.parseInt(mode, 8);
  if (bits === undefined) return `${kind}${"?".repeat(9)}`;
  const letters = "rwxrwxrwx"
    .split("")
    .map((letter, at) => ((bits >> (8 - at)) & 1 ? letter : "-"));
  return kind + letters.join("");
}

/** What a format may name, and what it stands for. */
const fields: Readonly<Record<string, (entry: SnapshotEntry) => string>> = {
  path: ({ path }) => path,
  type: ({ type }) => type,
  mode: modeText,
  size: ({ size }) => String(size ?? 0),
  mtime: ({ modifiedNs }) => (modifiedNs === undefined ? "" : isoSeconds(msOf(modifiedNs))),
  mtimeNs: ({ modifiedNs }) => modifiedNs ?? "",
  hash: ({ hash }) => hash ?? "",
  target: ({ linkTarget }) => linkTarget ?? "",
  flags: ({ flags }) => flags.join(","),
  NL: () => "\n",
  TAB: () => "\t",
  NUL: () => "\0",
};

/** The names that a format may have, for its help. */
export const formatNames: string = Object.keys(fields)
  .map((name) => `{${name}}`)
  .join(" ");

/**
 * How a person wants entries to be written: `{size} {path}{NL}`. A line feed follows where the format has neither {NL} nor {NUL}.
 * Names are written as they are only where {NUL} ends them (X16).
 *
 * @throws {SnapError} `usage` for an unknown name
 */
export function entryFormat(format: string): (entry: SnapshotEntry) => string {
  const parts = format.split(/\{(\w+)\}/u);
  const isExact = parts.includes("NUL");
  const show = isExact ? (text: string): string => text : displayName;
  const ended = isExact || parts.includes("NL") ? "" : "\n";
  const writers = parts.map((part, at) => (at % 2 === 0 ? () => part : fieldNamed(part, show)));
  return (entry) => writers.map((write) => write(entry)).join("") + ended;
}

function fieldNamed(
  name: string,
  show: (text: string) => string,
): (entry: SnapshotEntry) => string {
  const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
  if (field === undefined) {
    throw new SnapError("usage", `A format has no "{${name}}"`, { hint: `It has ${formatNames}.` });
  }
  return name === "path" || name === "target" ? (entry) => show(field(entry)) : field;
}
