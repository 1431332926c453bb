import { archiveFormats } from "../../app/archive-format.ts";
import { exportSnapshot, type ExportReport } from "../../app/export.ts";
import { displayName } from "../../core/path/names.ts";
import type { SnapshotEntry } from "../../core/snapshot/entry.ts";
import { SnapError } from "../../std/error.ts";
import { defineCommand, type AnyCommand, type CliContext } from "../context.ts";
import { formatSize, plural } from "../format.ts";
import { allWorkspaces, snapshotWord } from "../snapshot-words.ts";

/** `snap export`: a snapshot as an archive. */
export const exportCommand: AnyCommand = defineCommand({
  command: "export <snapshot> <file>",
  describe: "Write a snapshot as a tar archive",
  builder: (parser) =>
    snapshotWord(parser)
      .positional("file", {
        type: "string",
        demandOption: true,
        describe: "Ends with .tar, .tar.gz or .tar.zst; - for standard output",
      })
      .option("since", {
        type: "string",
        requiresArg: true,
        describe: "Only what changed since this snapshot, and a list of what is gone",
      })
      .option("paths", {
        type: "string",
        array: true,
        requiresArg: true,
        describe: "Only these files and folders",
      })
      .option("format", {
        requiresArg: true,
        choices: archiveFormats,
        describe: "Instead of what the name says",
      })
      .option("force", {
        type: "boolean",
        default: false,
        describe: "Replace a file that is there",
      })
      .option("dry-run", {
        alias: "n",
        type: "boolean",
        default: false,
        describe: "Tell what the archive would hold",
      })
      .option("all-workspaces", allWorkspaces)
      .example("snap export latest ~/latest.tar.zst", "everything")
      .example("snap export latest - --paths notes | tar -tv", "one folder, to another program")
      .epilogue(
        "Any tar unpacks it; the entries as the snapshot has them stand first, as .snap/manifest.jsonl, and `snap import` takes all of it back. The same snapshot gives the same bytes everywhere. Exit code 4: something is not in the store and so not in the archive; it is listed.",
      ),
  run: async (context, words) => {
    const { environment, output, place, work } = context;
    const isStream = words.file === "-";
    if (isStream && !words.dryRun) refuseMixedOutput(context);
    const say = (text: string): void => (isStream ? output.note(text) : output.say(text));
    const report = await exportSnapshot(
      environment,
      {
        place,
        reference: words.snapshot,
        all: words.allWorkspaces,
        since: words.since,
        paths: words.paths ?? [],
        to: isStream ? { write: (bytes) => writeOut(context, bytes) } : words.file,
        format: words.format,
        force: words.force,
        dryRun: words.dryRun,
        onLeft: (entry) => {
          output.emit("left", { path: entry.path, reason: reasonOf(entry) });
          say(`  not in the store  ${displayName(entry.path)}: ${reasonOf(entry)}`);
        },
      },
      work,
    );
    const exit = report.left === 0 ? 0 : 4;
    if (!isStream || words.dryRun) {
      output.say(reportText(report, words.dryRun));
      const { root, ...fields } = report;
      output.result("export", exit, { id: root.id, dryRun: words.dryRun, ...fields });
    }
    return exit;
  },
});

/** Bytes of an archive and anything else do not go together. */
function refuseMixedOutput({ output }: CliContext): void {
  if (!output.json && process.stdout.isTTY !== true) return;
  const where = output.json ? "with --json" : "to a terminal";
  throw new SnapError("usage", `An archive is not written ${where}`, {
    hint: "Name a file, or pass the output on: snap export latest - | tar -tv",
  });
}

async function writeOut({ output, work }: CliContext, bytes: Uint8Array): Promise<void> {
  if (await output.raw(bytes, work.signal)) return;
  const { failure } = output;
  if (failure === undefined)
    throw new SnapError("interrupted", "Nobody reads the archive any more: it is cut off");
  const code = failure === "ENOSPC" ? "disk-full" : "disk-error";
  throw new SnapError(code, `The archive is cut off: it cannot be written (${failure})`);
}

function reasonOf({ type, flags }: SnapshotEntry): string {
  if (type === "other") return "neither file, folder nor link";
  return flags.includes("thin")
    ? "its content is only in Dropbox; `snap hydrate` fetches it"
    : "it could not be read";
}

function reportText(
  { entries, bytes, left, deleted, file }: ExportReport,
  dryRun: boolean,
): string {
  const facts = [
    `${entries} files, folders and links`,
    `${formatSize(bytes)} of content`,
    ...(deleted === 0 ? [] : [`${plural(deleted, "path")} listed as gone`]),
    ...(left === 0 ? [] : [`${left} not in the store`]),
  ].join(", ");
  if (dryRun) return `${facts}. Nothing was written.`;
  return `"${displayName(file ?? "")}": ${facts}.`;
}
