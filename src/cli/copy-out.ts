import { copySnapshot, type CopyReport } from "../app/copy-out.ts";
import { displayName } from "../core/path/names.ts";
import { SnapError, type ExitCode } from "../std/error.ts";
import type { CliContext } from "./context.ts";
import { formatSize, plural } from "./format.ts";

/** What `snap restore SNAPSHOT [PATH…] --to DIR` is told. */
export type CopyWords = {
  readonly snapshot: string | undefined;
  readonly paths: readonly string[];
  readonly to: string | undefined;
  readonly allWorkspaces: boolean;
  readonly specialModes: boolean;
  readonly ignored: boolean;
  readonly delete: boolean | undefined;
  readonly requireQuiet: boolean;
  readonly serverSide: string | undefined;
  readonly procedure: string | undefined;
  readonly dropCommits: boolean;
  readonly offline: boolean;
  readonly plan: string | undefined;
  readonly abandon: string | undefined;
  readonly resume: string | undefined;
  readonly remoteOnly: boolean;
  readonly remote: string | undefined;
  readonly dryRun: boolean;
};

/** Words that mean something only with `--to`, or only without. @throws {SnapError} `usage` */
export function refuseMixedWords(words: CopyWords): void {
  const { to, allWorkspaces } = words;
  if (words.remoteOnly || words.remote !== undefined) return refuseLocalWords(words);
  const isThere = (given: unknown): boolean => given !== undefined && given !== false;
  const others = {
    "--delete": words.delete,
    "--plan": words.plan,
    "--abandon": words.abandon,
    "--resume": words.resume,
    "--require-quiet": words.requireQuiet,
    "--server-side": words.serverSide,
    "--procedure": words.procedure,
    "--drop-commits": words.dropCommits,
    "--offline": words.offline,
  };
  const own = { "--all-workspaces": allWorkspaces };
  const wrong = Object.entries(to === undefined ? own : others).find(([, given]) => isThere(given));
  if (wrong === undefined) return;
  const [word] = wrong;
  throw new SnapError(
    "usage",
    `${word} does not go ${to === undefined ? "without" : "with"} --to`,
    {
      hint: "With --to a snapshot is copied to a folder of its own; without, the workspace is rolled back.",
    },
  );
}

/** What means nothing where Dropbox alone is restored (T28). @throws {SnapError} `usage` */
function refuseLocalWords(words: CopyWords): void {
  const hint =
    "snap restore SNAPSHOT [PATH…] --remote-only --remote FOLDER restores a folder of Dropbox.";
  if (!words.remoteOnly || words.remote === undefined) {
    throw new SnapError("usage", "--remote-only and --remote FOLDER go together", { hint });
  }
  const others = {
    "--to": words.to !== undefined,
    "--abandon": words.abandon !== undefined,
    "--resume": words.resume !== undefined,
    "--procedure": words.procedure !== undefined,
    "--require-quiet": words.requireQuiet,
    "--server-side": words.serverSide !== undefined,
    "--special-modes": words.specialModes,
    "--ignored": words.ignored,
    "--drop-commits": words.dropCommits,
    "--offline": words.offline,
  };
  const wrong = Object.entries(others).find(([, isGiven]) => isGiven);
  if (wrong === undefined) return;
  throw new SnapError("usage", `${wrong[0]} does not go with --remote-only`, { hint });
}

/** Copy a snapshot to a folder (T15), and tell what is there. */
export async function copyOut(
  context: CliContext,
  words: CopyWords,
  to: string,
): Promise<ExitCode> {
  const { environment, output, place, work } = context;
  if (words.snapshot === undefined || words.snapshot === "") {
    throw new SnapError("usage", "Name the snapshot to restore", {
      hint: "`snap list` shows them.",
    });
  }
  const { paths, specialModes, ignored, dryRun, allWorkspaces: all } = words;
  const report = await copySnapshot(
    environment,
    {
      place,
      reference: words.snapshot,
      all,
      to,
      paths,
      specialModes,
      ignored,
      dryRun,
      onLeft: (left) => {
        output.emit("left", left);
        output.say(`  left out  ${displayName(left.path)}: ${displayName(left.reason)}`);
      },
    },
    work,
  );
  for (const { id, word, reasons } of report.units) {
    output.emit("repository", { path: id, word, reasons });
    const why = reasons.length === 0 ? "" : ` (${reasons.map(displayName).join("; ")})`;
    output.say(`  repository  ${displayName(id)}: ${word}${why}`);
  }
  output.say(reportText(report, dryRun));
  if (report.uploadedBy !== undefined)
    output.say(`It lies in the workspace "${report.uploadedBy}": the next sync uploads it.`);
  const exit = exitOf(report);
  const { root, ...fields } = report;
  output.result("restore", exit, { id: root.id, dryRun, ...fields });
  return exit;
}

function exitOf({ units, left }: CopyReport): ExitCode {
  if (units.some(({ word }) => word === "torn")) return 5;
  return left === 0 ? 0 : 4;
}

function reportText(report: CopyReport, dryRun: boolean): string {
  const { files, folders, links, bytes, left, ignored, changing, to } = report;
  const facts = [
    plural(files, "file"),
    plural(folders, "folder"),
    ...(links === 0 ? [] : [plural(links, "link")]),
    formatSize(bytes),
    ...(left === 0 ? [] : [`${left} left out`]),
    ...(ignored === 0 ? [] : [`${ignored} ignored ones passed over (--ignored takes them)`]),
    ...(changing === 0 ? [] : [`${changing} that changed while they were captured`]),
  ].join(", ");
  return dryRun
    ? `Would be in "${displayName(to)}": ${facts}. Nothing was written.`
    : `In "${displayName(to)}": ${facts}. Every block was checked.`;
}
