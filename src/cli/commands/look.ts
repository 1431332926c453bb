import { damagedSnapshots, entriesOf, findSnapshot, listSnapshots } from "../../app/look.ts";
import type { SnapshotEntry } from "../../core/snapshot/entry.ts";
import type { NotedRoot } from "../../core/snapshot/note.ts";
import { displayName } from "../../core/path/names.ts";
import { defineCommand, type AnyCommand } from "../context.ts";
import { formatSize, formatTime, plural, table } from "../format.ts";
import type { Json } from "../../std/json.ts";

/** `snap list`: the snapshots of a workspace, or of all. */
export const listCommand: AnyCommand = defineCommand({
  command: "list",
  describe: "List snapshots, oldest first",
  builder: (parser) =>
    parser.option("all-workspaces", {
      type: "boolean",
      default: false,
      describe: "Those of every workspace",
    }),
  run: async ({ environment, output, place }, words) => {
    const roots = await listSnapshots(environment, { place, all: words.allWorkspaces });
    for (const { name, reason } of await damagedSnapshots(environment)) {
      output.warn(`Snapshot roots/${name} is damaged (${reason}); \`snap verify\` tells more`);
    }
    for (const root of roots) output.emit("snapshot", rootFields(root));
    output.print(
      roots.length === 0 ? "No snapshots yet: `snap capture` takes one." : listText(roots),
    );
    output.result("list", 0, { count: roots.length });
    return 0;
  },
});

function listText(roots: readonly NotedRoot[]): string {
  const rows = roots.map((root) => [
    root.id.slice(0, 8),
    formatTime(root.time),
    String(root.counts.files),
    formatSize(root.counts.bytes),
    formatSize(root.stored),
    root.completeness,
    root.reason,
    displayName([root.label ?? "", ...root.tags.map((tag) => `#${tag}`)].join(" ").trim()),
    pinText(root.pin),
  ]);
  const head = ["id", "time", "files", "size", "new", "", "reason", "label", ""];
  return table([head, ...rows], [2, 3, 4]);
}

/** `snap show`: one snapshot in words. */
export const showCommand: AnyCommand = defineCommand({
  command: "show <snapshot>",
  describe: "Show one snapshot in words",
  builder: (parser) => snapshotWord(parser),
  run: async ({ environment, output, place }, words) => {
    const root = await findSnapshot(environment, { place, reference: words.snapshot });
    output.emit("snapshot", rootFields(root));
    output.print(showText(root));
    output.result("show", 0, { id: root.id });
    return 0;
  },
});

/** The word that names a snapshot. */
const snapshotWord = (parser: Parameters<AnyCommand["builder"]>[0]) =>
  parser.positional("snapshot", {
    type: "string",
    demandOption: true,
    describe: "Id or prefix of it, label, latest, latest~1, or @time",
  });

/** How long a pin holds; nothing for none. */
function pinText(pin: NotedRoot["pin"]): string {
  if (pin === undefined) return "";
  return pin.until === undefined ? "pinned" : `pinned until ${formatTime(pin.until)}`;
}

function showText(root: NotedRoot): string {
  const lines: (readonly [string, string])[] = [
    ["id", root.id],
    ["time", formatTime(root.time)],
    ["label", displayName(root.label ?? "–")],
    ["tags", displayName(root.tags.length === 0 ? "–" : root.tags.join(", "))],
    ["pin", pinText(root.pin) || "–"],
    ["reason", root.reason],
    ["workspace", `${displayName(root.workspace.path)} on ${displayName(root.workspace.host)}`],
    [
      "link",
      root.link === undefined
        ? "not linked"
        : displayName(root.link.path === "" ? "/" : root.link.path),
    ],
    [
      "holds",
      `${plural(root.counts.files, "file")}, ${plural(root.counts.folders, "folder")}, ${formatSize(root.counts.bytes)} (${root.completeness})`,
    ],
    ["added", `${formatSize(root.stored)} to the store`],
    [
      "sync",
      root.sync === "clean"
        ? "both sides were equal"
        : `${root.sync.pending} pending, ${root.sync.conflicting} in conflict`,
    ],
  ];
  const left = root.left.items.map(
    (item) => `  ${displayName(item.path)}: ${displayName(item.reason)}`,
  );
  const aside = root.left.count === 0 ? [] : [`left aside: ${root.left.count}`, ...left];
  return [table(lines), ...aside].join("\n");
}

function rootFields(root: NotedRoot): Readonly<Record<string, Json>> {
  return {
    id: root.id,
    time: root.time,
    label: root.label,
    tags: root.tags,
    pin: root.pin,
    reason: root.reason,
    side: root.side,
    completeness: root.completeness,
    workspace: root.workspace,
    link: root.link,
    parent: root.parent,
    counts: root.counts,
    stored: root.stored,
    left: root.left.count,
  };
}

/** `snap ls`: the entries of a snapshot. */
export const lsCommand: AnyCommand = defineCommand({
  command: "ls <snapshot> [path]",
  describe: "List the files and folders in a snapshot",
  builder: (parser) =>
    snapshotWord(parser)
      .positional("path", { type: "string", describe: "Only what is in this folder" })
      .option("recursive", {
        alias: "R",
        type: "boolean",
        default: false,
        describe: "And all below",
      }),
  run: async ({ environment, output, place }, words) => {
    const request = {
      place,
      reference: words.snapshot,
      path: words.path,
      recursive: words.recursive,
    };
    let count = 0;
    for await (const entry of entriesOf(environment, request)) {
      count += 1;
      output.emit("entry", entryFields(entry));
      output.print(entryText(entry));
    }
    output.result("ls", 0, { count });
    return 0;
  },
});

function entryFields(entry: SnapshotEntry): Readonly<Record<string, Json>> {
  const { path, type, size, modifiedNs, mode, hash, linkTarget, flags } = entry;
  return { path, kind: type, size, modifiedNs, mode, hash, linkTarget, flags };
}

function entryText(entry: SnapshotEntry): string {
  const size = entry.type === "file" ? formatSize(entry.size ?? 0) : "";
  const time =
    entry.modifiedNs === undefined ? "" : formatTime(Number(BigInt(entry.modifiedNs) / 1_000_000n));
  const target = entry.linkTarget === undefined ? "" : ` -> ${displayName(entry.linkTarget)}`;
  const slash = entry.type === "folder" ? "/" : "";
  const flags = entry.flags.length === 0 ? "" : `  (${entry.flags.join(", ")})`;
  return `${size.padStart(9)}  ${time.padEnd(22)}  ${displayName(entry.path)}${slash}${target}${flags}`;
}
