import type { Argv } from "yargs";
import { forgetSnapshots, type ForgetOutcome } from "../../app/forget.ts";
import { displayName } from "../../core/path/names.ts";
import type { RetentionPolicy, Verdict } from "../../core/snapshot/retention.ts";
import { periods, type Period } from "../../core/snapshot/retention-periods.ts";
import { defineCommand, type AnyCommand } from "../context.ts";
import { formatSize, formatTime, plural, table } from "../format.ts";
import { everyWorkspace, waitOf, writerWords } from "../keep-words.ts";
import type { Output } from "../output.ts";
import { parseCount, parseMs } from "../quantities.ts";

type KeepWords = {
  readonly keepLast: string | undefined;
  readonly keepHourly: string | undefined;
  readonly keepDaily: string | undefined;
  readonly keepWeekly: string | undefined;
  readonly keepMonthly: string | undefined;
  readonly keepYearly: string | undefined;
  readonly keepWithin: string | undefined;
  readonly keepTag: readonly string[];
};

const rule = (describe: string) => ({ type: "string", requiresArg: true, describe }) as const;

function policyWords<A>(parser: Argv<A>) {
  return parser
    .option("keep-last", rule("Keep so many of the newest"))
    .option("keep-hourly", rule("Keep the newest of each of so many hours"))
    .option("keep-daily", rule("Keep the newest of each of so many days"))
    .option("keep-weekly", rule("Keep the newest of each of so many weeks"))
    .option("keep-monthly", rule("Keep the newest of each of so many months"))
    .option("keep-yearly", rule("Keep the newest of each of so many years"))
    .option("keep-within", rule("Keep those not older than this, like 30d"))
    .option("keep-tag", {
      ...rule("Keep those with this tag; may be repeated"),
      array: true,
      default: [],
    });
}

/** `snap forget`: drop snapshots, by name or by a policy. */
export const forgetCommand: AnyCommand = defineCommand({
  command: "forget [snapshots..]",
  describe: "Forget snapshots; `snap undo` brings them back for a week",
  repeatable: ["snapshots", "keep-tag", "keepTag"],
  builder: (parser) =>
    writerWords(policyWords(parser))
      .positional("snapshots", {
        type: "string",
        array: true,
        default: [],
        describe: "Ids, prefixes, labels, latest, @time",
      })
      .option("all-workspaces", everyWorkspace)
      .option("even-last-copy", {
        type: "boolean",
        default: false,
        describe: "Also what is in no other snapshot, nor in the workspace, nor in Dropbox",
      })
      .example("snap forget --keep-daily 14 --keep-weekly 8 --dry-run", "what a policy would keep")
      .epilogue(
        "Rules add up: kept is what any rule keeps, and the rest is forgotten. They count for each workspace and side apart, by local time. Pinned snapshots are never forgotten, safety snapshots stay for 30 days. What is forgotten waits in the store for the time of the setting store.grace; `snap prune` frees the room afterwards.",
      ),
  run: async ({ environment, output, place, work }, words) => {
    const outcome = await forgetSnapshots(
      environment,
      {
        place,
        all: words.allWorkspaces,
        references: words.snapshots,
        policy: policyOf(words),
        evenLastCopy: words.evenLastCopy,
        dryRun: words.dryRun,
        wait: waitOf(words),
      },
      work,
    );
    show(output, outcome, words.dryRun);
    return 0;
  },
});

/** Undefined where no rule is given. @throws {SnapError} `usage` */
function policyOf(words: KeepWords): RetentionPolicy | undefined {
  const counts: Readonly<Record<Period, string | undefined>> = {
    hourly: words.keepHourly,
    daily: words.keepDaily,
    weekly: words.keepWeekly,
    monthly: words.keepMonthly,
    yearly: words.keepYearly,
  };
  const { keepLast, keepWithin, keepTag } = words;
  const given = [keepLast, keepWithin, ...Object.values(counts)];
  if (keepTag.length === 0 && given.every((each) => each === undefined)) return undefined;
  const newestOf: Partial<Record<Period, number>> = {};
  for (const period of periods) {
    const count = counts[period];
    if (count !== undefined) newestOf[period] = parseCount(count, `--keep-${period}`);
  }
  return {
    newestOf,
    tags: keepTag,
    ...(keepLast === undefined ? {} : { last: parseCount(keepLast, "--keep-last") }),
    ...(keepWithin === undefined ? {} : { withinMs: parseMs(keepWithin, "--keep-within") }),
  };
}

function show(output: Output, outcome: ForgetOutcome, dryRun: boolean): void {
  const { verdicts, lastCopies, record } = outcome;
  for (const { root, keptBy } of verdicts)
    output.emit("verdict", { id: root.id, time: root.time, label: root.label, keptBy });
  for (const copy of lastCopies) output.emit("last-copy", copy);
  const forgotten = verdicts.filter(({ keptBy }) => keptBy.length === 0);
  if (dryRun || output.isVerbose) output.print(verdictText(verdicts));
  for (const { id, files, bytes, paths } of lastCopies) {
    const [first = ""] = paths;
    output.print(
      `  last copy   ${id.slice(0, 8)}: ${plural(files, "file")}, ${formatSize(bytes)}, such as ${displayName(first)}`,
    );
  }
  output.say(endText({ count: forgotten.length, dryRun, undo: record?.id }));
  output.result("forget", 0, {
    dryRun,
    kept: verdicts.length - forgotten.length,
    forgotten: forgotten.map(({ root }) => root.id),
    undo: record?.id,
  });
}

function verdictText(verdicts: readonly Verdict[]): string {
  const rows = verdicts.map(({ root, keptBy }) => [
    root.id.slice(0, 8),
    formatTime(root.time),
    keptBy.length === 0 ? "forget" : "keep",
    displayName(keptBy.join(", ")),
    displayName(root.label ?? ""),
  ]);
  return table([["id", "time", "", "kept by", "label"], ...rows]);
}

type End = { readonly count: number; readonly dryRun: boolean; readonly undo: string | undefined };

function endText({ count, dryRun, undo }: End): string {
  if (dryRun) return `${plural(count, "snapshot")} would be forgotten. Nothing was changed.`;
  if (undo === undefined) return "There is nothing to forget.";
  return `${plural(count, "snapshot")} forgotten.\nTake it back with: snap undo ${undo}`;
}
