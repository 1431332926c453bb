import { defineCommand, type AnyCommand } from "../context.ts";
import { runHydrate } from "../hydrate-text.ts";
import { everyWorkspace, waitOf, writerWords } from "../keep-words.ts";
import { snapshotWord } from "../snapshot-words.ts";

/** `snap hydrate`: fetch the content of a thin snapshot. */
export const hydrateCommand: AnyCommand = defineCommand({
  command: "hydrate <snapshot>",
  describe: "Fetch what a thin snapshot has only in Dropbox",
  builder: (parser) =>
    writerWords(snapshotWord(parser))
      .option("all-workspaces", everyWorkspace)
      .example("snap hydrate 1a2b3c4d --dry-run", "how much would be downloaded")
      .epilogue(
        "What the store has already is not downloaded. The content goes into a new snapshot of the same moment, which also takes over label, tags and pin: the thin one can be forgotten then. It may be interrupted at any moment; the same command goes on. Exit code 4: something could not be had any more, and is listed.",
      ),
  run: async (context, words) =>
    await runHydrate(
      context,
      {
        place: context.place,
        reference: words.snapshot,
        all: words.allWorkspaces,
        dryRun: words.dryRun,
        wait: waitOf(words),
      },
      "hydrate",
    ),
});
