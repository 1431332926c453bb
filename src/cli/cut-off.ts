import type { Argv } from "yargs";
import { abandonRestore, resumeRestore } from "../app/restore.ts";
import { SnapError, type ExitCode } from "../std/error.ts";
import type { CliContext } from "./context.ts";
import { concludeRestore, reportFields, showEvent } from "./restore-events.ts";

type CutOffWords = { readonly abandon: string | undefined } & {
  readonly resume: string | undefined;
};

/** Words about a restore that was cut off. */
export function cutOffWords<A>(parser: Argv<A>): Argv<A & CutOffWords> {
  return parser
    .option("abandon", {
      type: "string",
      requiresArg: true,
      describe: "Give up a restore that was cut off: its id",
    })
    .option("resume", {
      type: "string",
      requiresArg: true,
      describe: "Go on with a restore that was cut off before it changed anything: its id",
    });
}

/**
 * Settle the restore that the words name; undefined where they name none.
 *
 * @throws {SnapError} `usage` where they also name a snapshot; what the workspace throws
 */
export async function settleCutOff(
  { environment, output, place, work }: CliContext,
  words: CutOffWords & { readonly snapshot: string | undefined; readonly dryRun: boolean },
): Promise<ExitCode | undefined> {
  const { abandon, resume } = words;
  const onEvent = showEvent.bind(undefined, output);
  refuseMore(words);
  if (resume !== undefined) {
    const report = await resumeRestore(environment, { place, restore: resume, onEvent }, work);
    return concludeRestore(output, { command: "restore", verb: "Restored" }, report);
  }
  if (abandon === undefined) return undefined;
  const report = await abandonRestore(environment, { place, restore: abandon, onEvent }, work);
  output.say(`Restore ${abandon} was given up: everything is as it was before.`);
  output.result("restore", report.exit, reportFields(report));
  return report.exit;
}

/** Nobody who names a snapshot or asks for a plan expects another restore to go on. */
function refuseMore({
  abandon,
  resume,
  snapshot = "",
  dryRun,
}: Parameters<typeof settleCutOff>[1]): void {
  const named = [abandon, resume].filter((word) => word !== undefined).length;
  if (named === 0 || (named === 1 && snapshot === "" && !dryRun)) return;
  throw new SnapError("usage", "--resume and --abandon name a restore, and stand alone", {
    hint: "snap restores lists them with their ids.",
  });
}
