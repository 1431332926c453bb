import type { ListedSnapshot } from "../app/look.ts";
import { displayName } from "../core/path/names.ts";
import type { NotedRoot } from "../core/snapshot/note.ts";
import type { SnapshotRoot } from "../core/snapshot/root.ts";
import type { Json } from "../std/json.ts";
import { expiresOf, needsText } from "./thin-text.ts";
import { unitsText } from "./units.ts";
import { formatAgo, formatSize, formatTime, plural, table } from "./format.ts";

/** One line a snapshot, oldest first. */
export function listText(
  found: readonly ListedSnapshot[],
  options: { readonly all: boolean; readonly nowMs: number },
): string {
  const rows = found.map(({ root, verified }) => [
    root.id.slice(0, 8),
    formatTime(root.time),
    String(root.counts.files),
    formatSize(root.counts.bytes),
    formatSize(root.stored),
    completenessText(root, options.nowMs),
    verified === undefined ? "–" : checkText(verified),
    root.reason,
    ...(options.all ? [displayName(root.workspace.path)] : []),
    nameText(root),
    pinText(root.pin),
  ]);
  const head = ["id", "time", "files", "size", "new", "", "verified", "reason"];
  return table([[...head, ...(options.all ? ["workspace"] : []), "label", ""], ...rows], [2, 3, 4]);
}

function nameText({ label, tags }: SnapshotRoot): string {
  const words = tags.map((tag) => `[${displayName(tag)}]`);
  return [...(label === undefined ? [] : [displayName(label)]), ...words].join(" ");
}

/** How long a pin holds; nothing for none. */
function pinText(pin: NotedRoot["pin"]): string {
  if (pin === undefined) return "";
  return pin.until === undefined ? "pinned" : `pinned until ${formatTime(pin.until)}`;
}

function completenessText(root: SnapshotRoot, nowMs: number): string {
  const { paths, ignored, attributes } = root;
  return [
    `${root.completeness}${needsText(root, nowMs)}`,
    ...(paths === undefined ? [] : [`only ${plural(paths.length, "path")}`]),
    ...(ignored === undefined ? [] : ["with ignored files"]),
    ...(attributes === undefined ? [] : ["with extended attributes"]),
  ].join(", ");
}

function checkText({ level, result }: NonNullable<ListedSnapshot["verified"]>): string {
  return result === "sound" ? `level ${level}` : `level ${level}: not sound`;
}

/** One snapshot, in words. */
export function showText({ root, verified }: ListedSnapshot, nowMs: number): string {
  const lines: (readonly [string, string])[] = [
    ["id", root.id],
    ["time", `${formatTime(root.time)} (${formatAgo(Date.parse(root.time), nowMs)})`],
    ["label", displayName(root.label ?? "–")],
    ...(root.tags.length === 0 ? [] : [["tags", root.tags.map(displayName).join(", ")] as const]),
    ["pin", pinText(root.pin) || "–"],
    ["reason", reasonText(root)],
    ["workspace", `${displayName(root.workspace.path)} on ${displayName(root.workspace.host)}`],
    ["link", linkText(root)],
    ["side", root.side === "local" ? "the files of the workspace" : "what Dropbox held"],
    ...pathLines(root),
    ...ignoredLines(root),
    ...attributeLines(root),
    ["holds", holdsText(root)],
    ["added", `${formatSize(root.stored)} to the store`],
    ["content", contentText(root, nowMs)],
    ...(root.hydrated === undefined
      ? []
      : [["hydrated", `${formatTime(root.hydrated)}, from its parent`] as const]),
    ...(root.side === "remote" || root.link === undefined
      ? []
      : [["sync", syncText(root)] as const]),
    ["verified", verifiedText(verified)],
    ...(root.parent === undefined ? [] : [["parent", root.parent.slice(0, 16)] as const]),
    ["written by", displayName(root.tool)],
  ];
  return [table(lines), ...unitsText(root.git), ...leftLines(root)].join("\n");
}

function reasonText({ reason }: SnapshotRoot): string {
  if (reason === "import") return "import: it was read from an archive";
  return reason.startsWith("before-") ? `${reason}: a safety snapshot` : reason;
}

function linkText({ link }: SnapshotRoot): string {
  if (link === undefined) return "not linked";
  return `${displayName(link.path === "" ? "/" : link.path)} of ${displayName(link.account)}`;
}

function pathLines({ paths }: SnapshotRoot): readonly (readonly [string, string])[] {
  if (paths === undefined) return [];
  const shown = paths.slice(0, 10).map(displayName).join(", ");
  return [["only", `${shown}${paths.length > 10 ? `, and ${paths.length - 10} more` : ""}`]];
}

function ignoredLines({ ignored }: SnapshotRoot): readonly (readonly [string, string])[] {
  if (ignored === undefined) return [];
  return [["ignored", "ignored files are in it; `snap restore --ignored` puts them back"]];
}

function attributeLines({ attributes }: SnapshotRoot): readonly (readonly [string, string])[] {
  if (attributes === undefined) return [];
  return [["attributes", "extended attributes are in it; `snap restore --to` sets them"]];
}

function holdsText({ counts }: SnapshotRoot): string {
  const { files, folders, others, bytes } = counts;
  const rest = others === 0 ? "" : `, ${plural(others, "link")} and other things`;
  return `${plural(files, "file")}, ${plural(folders, "folder")}${rest}, ${formatSize(bytes)}`;
}

function contentText(root: SnapshotRoot, nowMs: number): string {
  const needs = needsText(root, nowMs);
  switch (root.completeness) {
    case "full":
      return "full: all of it is in the store";
    case "thin":
      return `thin: some of it is only in Dropbox${needs}`;
    case "partial":
      return root.hydrated === undefined
        ? `partial: something could not be read, or may be torn${needs}`
        : `partial: some of it was not to be had from Dropbox any more${needs}`;
  }
}

function syncText({ sync }: SnapshotRoot): string {
  return sync === "clean"
    ? "both sides were equal"
    : `${sync.pending} pending, ${sync.conflicting} in conflict`;
}

function verifiedText(verified: ListedSnapshot["verified"]): string {
  if (verified === undefined) return "never, as far as it is recorded";
  const result = verified.result === "sound" ? "" : ", and something was damaged";
  return `level ${verified.level}, ${formatTime(verified.time)}${result}`;
}

function leftLines({ left }: SnapshotRoot): readonly string[] {
  if (left.count === 0) return [];
  const items = left.items.map(
    (item) => `  ${displayName(item.path)}: ${displayName(item.reason)}`,
  );
  const more = left.count - left.items.length;
  const rest = more > 0 ? [`  … and ${more} more`] : [];
  return [`left aside: ${left.count}`, ...items, ...rest];
}

/** A snapshot for programs. */
export function rootFields({ root, verified }: ListedSnapshot): Readonly<Record<string, Json>> {
  return {
    id: root.id,
    time: root.time,
    label: root.label,
    tags: root.tags,
    pin: root.pin,
    reason: root.reason,
    side: root.side,
    paths: root.paths,
    ignored: root.ignored,
    attributes: root.attributes,
    completeness: root.completeness,
    expires: expiresOf(root),
    hydrated: root.hydrated,
    cursor: root.cursor,
    verified,
    workspace: root.workspace,
    link: root.link,
    parent: root.parent,
    sync: root.sync,
    counts: root.counts,
    stored: root.stored,
    tool: root.tool,
    left: root.left.count,
    git: root.git,
  };
}
