import type { Argv } from "yargs";
import { restoreRemoteFolder, type RemoteReport } from "../app/remote-only.ts";
import { shellWord } from "../core/path/shell-word.ts";
import type { ExitCode } from "../std/error.ts";
import type { CliContext } from "./context.ts";
import { formatSize, plural } from "./format.ts";
import { consentOf, showEvent, type ConsentWords } from "./restore-events.ts";

/** What `snap restore SNAPSHOT [PATH…] --remote-only --remote FOLDER` is told. */
type RemoteOnlyOptions = ConsentWords & {
  readonly snapshot: string | undefined;
  readonly paths: readonly string[];
  readonly delete: boolean | undefined;
  readonly allWorkspaces: boolean;
  readonly dryRun: boolean;
};

/** Words of a restore that concerns no disk. */
export function remoteOnlyWords<A>(
  parser: Argv<A>,
): Argv<A & { "remote-only": boolean } & { remote: string | undefined }> {
  return parser
    .option("remote-only", {
      type: "boolean",
      default: false,
      describe: "Restore a folder of Dropbox, and no disk: with --remote",
    })
    .option("remote", {
      type: "string",
      requiresArg: true,
      describe: "With --remote-only: the folder, from the top of the account",
    });
}

/** Restore a folder of Dropbox (T28), and tell how it is taken back. */
export async function runRemoteOnly(
  context: CliContext,
  words: RemoteOnlyOptions,
  folder: string,
): Promise<ExitCode> {
  const { environment, output, place, work } = context;
  const report = await restoreRemoteFolder(
    environment,
    {
      place,
      reference: words.snapshot ?? "",
      all: words.allWorkspaces,
      folder,
      paths: words.paths,
      delete: words.delete,
      consent: consentOf(context, words),
      dryRun: words.dryRun,
      onEvent: showEvent.bind(undefined, output),
    },
    work,
  );
  if (report === "planned") {
    output.say("Nothing was changed.");
    output.result("restore", 0, { dryRun: true });
    return 0;
  }
  output.say(reportText(report, folder));
  const { exit, ...fields } = report;
  output.result("restore", exit, fields);
  return exit;
}

function reportText(report: RemoteReport, folder: string): string {
  const { state, counts, uploadedBytes, reverted, safety } = report;
  const changed = (counts?.create ?? 0) + (counts?.replace ?? 0) + (counts?.delete ?? 0);
  const end = state === "done" ? "Restored, and verified" : "Restored in part";
  const sent = `${plural(reverted, "file")} put back by Dropbox itself, ${formatSize(uploadedBytes)} uploaded`;
  const text = `${end}: ${changed} changed in Dropbox, ${counts?.keep ?? 0} kept, ${sent}.`;
  if (safety === null) return text;
  const back = `snap restore ${safety.slice(0, 8)} --remote-only --remote ${shellWord(folder)} --delete --all-workspaces`;
  return `${text}\nTake it back with: ${back}`;
}
