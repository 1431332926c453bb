import type { LeftPath, SyncCounts, SyncReport } from "../../core/plan/sync-report.ts";
import { displayName } from "../../core/path/names.ts";
import { previewSync, type PreviewOp } from "../../app/preview.ts";
import { syncWorkspace } from "../../app/sync.ts";
import { withLimits } from "../../app/traffic.ts";
import { rateOf } from "../../core/settings/parse.ts";
import { defineCommand, type AnyCommand, type CliContext } from "../context.ts";
import { formatSize, plural } from "../format.ts";
import { warnOfLoss } from "../index-loss.ts";
import { leftFields, showLeft } from "../left-text.ts";
import type { ExitCode } from "../../std/error.ts";

/** `snap sync`: one pass until both sides are equal. */
export const syncCommand: AnyCommand = defineCommand({
  command: "sync",
  describe: "Make workspace and remote folder equal, then exit",
  builder: (parser) =>
    parser
      .option("dry-run", {
        alias: "n",
        type: "boolean",
        default: false,
        describe: "Show what would be done",
      })
      .option("limit-upload", {
        type: "string",
        requiresArg: true,
        describe: "Bytes a second up, like 500KiB; before the setting transfer.upload; or off",
      })
      .option("limit-download", {
        type: "string",
        requiresArg: true,
        describe: "The same down; before transfer.download",
      })
      .epilogue(
        "Exit code 0 when both sides are equal, 3 when something waits for you, 4 when items were left aside, 5 when damage was found, 7 when a side is unavailable. --dry-run shows what would be done, held or left aside, and ends with 0 whatever that is; it ends with 3 where the workspace was rolled back, and with 7 as a sync does.",
      ),
  run: async (context, { dryRun, limitUpload, limitDownload }) => {
    const upload = rateIn(limitUpload, "--limit-upload");
    const download = rateIn(limitDownload, "--limit-download");
    if (dryRun) return preview(context);
    const environment = withLimits(context.environment, { upload, download });
    return sync({ ...context, environment });
  },
});

function rateIn(text: string | undefined, name: string): number | undefined {
  return text === undefined ? undefined : rateOf(text, name);
}

async function sync({ environment, output, place, work }: CliContext): Promise<ExitCode> {
  const report = await syncWorkspace(environment, place, work);
  warnOfLoss(output, report.indexLoss);
  for (const conflict of report.conflicts) output.emit("conflict", conflict);
  showLeft(output, report.left);
  output.say(describeReport(report));
  output.result("sync", report.exit, {
    upToDate: report.upToDate,
    cycles: report.cycles,
    counts: report.counts,
    conflicts: report.conflicts,
    left: report.left.map(leftFields),
  });
  return report.exit;
}

async function preview({ environment, output, place, work }: CliContext): Promise<ExitCode> {
  const onOp = async (op: PreviewOp): Promise<void> => {
    output.emit("op", op);
    const side = op.side === "local" ? "here  " : "remote";
    output.say(`${side}  ${op.does.padEnd(8)}  ${displayName(op.path)}`);
    await output.flushed(work.signal);
  };
  const { count, left } = await previewSync(environment, place, { ...work, onOp });
  showLeft(output, left);
  output.say(previewEnd(count, left));
  output.result("sync", 0, { dryRun: true, ops: count, left: left.map(leftFields) });
  return 0;
}

function previewEnd(ops: number, left: readonly LeftPath[]): string {
  if (ops > 0) return `${plural(ops, "change")} would be made. Nothing was changed.`;
  return left.every(({ kind }) => kind === "unsynced")
    ? "Nothing to do."
    : "Nothing would be done: see above.";
}

/** What was done, and how it ended. */
export function describeReport(report: SyncReport): string {
  const done = describeCounts(report.counts);
  const conflicts = report.conflicts.map(
    ({ path, copy }) =>
      `  conflict    ${displayName(path)}: both sides had changed; yours is now "${displayName(copy)}"`,
  );
  const end = report.upToDate ? "Up to date" : "Not everything is in sync: see above";
  return [...conflicts, done === "" ? `${end}.` : `${end} (${done}).`].join("\n");
}

/** `12 uploaded (3.1 MiB), 4 removed here` — only what happened. */
export function describeCounts(counts: SyncCounts): string {
  const bytes = (count: number): string => (count > 0 ? ` (${formatSize(count)})` : "");
  const parts: readonly (readonly [number, string])[] = [
    [counts.uploaded, `uploaded${bytes(counts.bytesUp)}`],
    [counts.downloaded, `downloaded${bytes(counts.bytesDown)}`],
    [counts.movedLocal, "moved here"],
    [counts.movedRemote, "moved in the cloud"],
    [counts.removedLocal, "removed here"],
    [counts.removedRemote, "removed in the cloud"],
    [counts.foldersLocal, `${counts.foldersLocal === 1 ? "folder" : "folders"} made here`],
    [
      counts.foldersRemote,
      `${counts.foldersRemote === 1 ? "folder" : "folders"} made in the cloud`,
    ],
    [counts.adopted, "found equal"],
    [counts.conflicts, counts.conflicts === 1 ? "conflicted copy" : "conflicted copies"],
  ];
  return parts
    .filter(([count]) => count > 0)
    .map(([count, text]) => `${count} ${text}`)
    .join(", ");
}
