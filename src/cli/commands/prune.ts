import { pruneStore, statsOfStore } from "../../app/keeping.ts";
import type { PruneReport, StoreStats } from "../../core/snapshot/keep-request.ts";
import { defineCommand, type AnyCommand } from "../context.ts";
import { formatSize, formatTime, plural, table } from "../format.ts";
import { everyWorkspace, waitOf, writerWords } from "../keep-words.ts";
import { parseSize } from "../quantities.ts";

/** `snap prune`: free the store of what no snapshot needs. */
export const pruneCommand: AnyCommand = defineCommand({
  command: "prune",
  describe: "Free the store of what no snapshot needs",
  builder: (parser) =>
    writerWords(parser)
      .option("max-repack", {
        type: "string",
        requiresArg: true,
        describe: "Rewrite packs of this size together at most, like 2G",
      })
      .epilogue(
        "What forgotten snapshots alone need is freed once the time of the setting store.grace is over. What is thrown away waits in the store's trash for the same time before it is gone: room on the disk comes with the prune after that. It may be interrupted at any moment, and snapshots can be read meanwhile.",
      ),
  run: async ({ environment, output, work }, words) => {
    const { dryRun, maxRepack: size } = words;
    const maxRepack = size === undefined ? undefined : parseSize(size, "--max-repack");
    const report = await pruneStore(environment, { dryRun, maxRepack, wait: waitOf(words) }, work);
    output.say(pruneText(report));
    if (dryRun) output.say("Nothing was changed.");
    output.result("prune", 0, { dryRun, ...report });
    return 0;
  },
});

function pruneText({ emptied, dropped, rewritten, deadLeft, stored }: PruneReport): string {
  const rewrote = `${plural(rewritten.packs, "pack")}, ${formatSize(rewritten.bytes)} into ${formatSize(rewritten.into)}`;
  return table([
    ["gone for good", `${plural(emptied.files, "file")}, ${formatSize(emptied.bytes)}`],
    ["to the trash", `${plural(dropped.packs, "pack")}, ${formatSize(dropped.bytes)}`],
    ["rewritten", rewrote],
    ["in use", `${formatSize(stored)}, of it not needed ${formatSize(deadLeft)}`],
  ]);
}

/** `snap stats`: what the store and its snapshots take. */
export const statsCommand: AnyCommand = defineCommand({
  command: "stats [snapshot]",
  describe: "Show what the store and its snapshots take",
  builder: (parser) =>
    parser
      .positional("snapshot", {
        type: "string",
        describe: "Id, prefix, label, latest, @time; all if left out",
      })
      .option("all-workspaces", everyWorkspace),
  run: async ({ environment, output, place, work }, words) => {
    const { snapshot: reference, allWorkspaces: all } = words;
    const stats = await statsOfStore(environment, { place, reference, all }, work);
    for (const snapshot of stats.snapshots) output.emit("snapshot", snapshot);
    output.print(statsText(stats));
    const { snapshots, ...totals } = stats;
    output.result("stats", 0, { ...totals, count: snapshots.length });
    return 0;
  },
});

function statsText(stats: StoreStats): string {
  const rows = stats.snapshots.map(({ id, time, raw, alone, stored }) => [
    id.slice(0, 8),
    formatTime(time),
    formatSize(raw),
    formatSize(alone),
    formatSize(stored),
  ]);
  const totals = table([
    ["files of all snapshots", formatSize(stats.raw)],
    ["each content once", formatSize(stats.unique)],
    ["in packs", formatSize(stats.compressed)],
    ["  for forgotten snapshots", formatSize(stats.forgotten)],
    ["  not needed", formatSize(stats.dead)],
    ["in the trash", formatSize(stats.trash)],
    ...stats.growth.map(({ month, stored }) => [`new in ${month}`, formatSize(stored)]),
  ]);
  const head = ["id", "time", "size", "alone", "new"];
  const list = rows.length === 0 ? [] : [table([head, ...rows], [2, 3, 4]), ""];
  return [...list, `The whole store:`, totals].join("\n");
}
