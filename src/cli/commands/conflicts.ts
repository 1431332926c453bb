import type { ConflictChoice, Settlement } from "../../app/conflict-acts.ts";
import { listConflicts, settleConflict } from "../../app/conflicts.ts";
import { displayName } from "../../core/path/names.ts";
import { SnapError, type ExitCode } from "../../std/error.ts";
import { defineCommand, type AnyCommand, type CliContext } from "../context.ts";
import { formatSize } from "../format.ts";

const listCommand: AnyCommand = defineCommand({
  command: "list",
  describe: "List conflicted copies",
  builder: (parser) => parser,
  run: list,
});

const keepCommand: AnyCommand = defineCommand({
  command: "keep <choice> <path>",
  describe: "Settle one conflict",
  builder: (parser) =>
    parser
      .positional("choice", {
        choices: ["local", "remote", "both"] as const,
        demandOption: true,
        describe:
          "local: the copy's content gets the name · remote: the copy goes · both: the copy gets a plain name",
      })
      .positional("path", {
        type: "string",
        demandOption: true,
        describe: "The conflicted copy, or the file of which it is the only one",
      })
      .option("yes", { alias: "y", type: "boolean", default: false, describe: "Do not ask" })
      .option("dry-run", {
        alias: "n",
        type: "boolean",
        default: false,
        describe: "Show what would be done",
      }),
  run: (context, words) =>
    keep(context, {
      choice: words.choice,
      named: words.path,
      yes: words.yes,
      dryRun: words["dry-run"],
    }),
});

/** `snap conflicts`: list conflicted copies, and settle them. */
export const conflictsCommand: AnyCommand = defineCommand({
  command: "conflicts",
  describe: "List conflicted copies, and settle them",
  builder: (parser) =>
    parser
      .epilogue(
        "A conflicted copy holds what was written here, the file beside it what was written in Dropbox at the same time. What you do not keep goes to the trash (.snap/trash, 30 days); the next `snap sync` does the same in Dropbox.",
      )
      .example("snap conflicts keep local report.txt", "your own version gets the name back"),
  subcommands: [listCommand, keepCommand],
  run: list,
});

async function list({ environment, output, place, work }: CliContext): Promise<ExitCode> {
  const copies = await listConflicts(environment, place, work);
  for (const { copy, original, kind, size } of copies) {
    output.emit("conflict", { copy, original: original ?? null, kind, size });
    const beside =
      original === undefined ? "nothing of its kind has the name" : displayName(original);
    const what = kind === "folder" ? "folder" : formatSize(size);
    output.print(`${displayName(copy)}  (${what})\n    beside: ${beside}`);
  }
  if (copies.length === 0) output.say("No conflicted copies.");
  else {
    output.say(
      `${copies.length} conflicted ${copies.length === 1 ? "copy" : "copies"}: \`snap conflicts keep local|remote|both PATH\` settles one.`,
    );
  }
  output.result("conflicts", 0, { copies: copies.length });
  return 0;
}

type KeepWords = {
  readonly choice: ConflictChoice;
  readonly named: string;
  readonly yes: boolean;
  readonly dryRun: boolean;
};

async function keep(context: CliContext, words: KeepWords): Promise<ExitCode> {
  const { environment, output, place, work } = context;
  const { choice, named, yes, dryRun } = words;
  const agree = (settled: Settlement): Promise<boolean> => agreeTo(context, settled, yes);
  const request = { place, choice, named, dryRun, agree };
  const settled = await settleConflict(environment, request, work);
  if (settled === undefined) {
    output.say("Nothing was changed.");
    output.result("conflicts", 3, { choice });
    return 3;
  }
  output.say(dryRun ? `Would be done: ${deed(settled)}. Nothing was changed.` : done(settled));
  const { copy, file, trashed, renamed } = settled;
  const paths = { copy, file, trashed: trashed ?? null, renamed: renamed ?? null };
  output.result("conflicts", 0, { choice, dryRun, ...paths });
  return 0;
}

/** Where nothing goes to the trash nothing is asked. */
async function agreeTo(
  { output, questions }: CliContext,
  settled: Settlement,
  yes: boolean,
): Promise<boolean> {
  if (yes || settled.trashed === undefined) return true;
  if (!questions.isPossible) {
    throw new SnapError("consent-needed", `Shall this be done: ${deed(settled)}?`, {
      path: settled.copy,
      hint: "Say yes with --yes.",
    });
  }
  output.print(`${deed(settled)}.`);
  return await questions.confirm("Do this?");
}

function deed({ choice, copy, file, trashed, renamed }: Settlement): string {
  const [from, to] = [displayName(copy), displayName(file)];
  const lost = trashed === undefined ? "" : `, and what "${to}" holds goes to the trash`;
  switch (choice) {
    case "local":
      return `"${to}" gets the content of "${from}"${lost}`;
    case "remote":
      return `"${from}" goes to the trash, and "${to}" stays`;
    case "both":
      return `"${from}" is renamed to "${displayName(renamed ?? copy)}"`;
  }
}

function done(settled: Settlement): string {
  return `Done: ${deed(settled)}. \`snap sync\` brings it to Dropbox.`;
}
