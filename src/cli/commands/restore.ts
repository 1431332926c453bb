import type { Argv } from "yargs";
import { abandonRestore, listRestores, restoreWorkspace, undoRestore } from "../../app/restore.ts";
import { defineCommand, type AnyCommand } from "../context.ts";
import { formatTime, table } from "../format.ts";
import { concludeRestore, consentOf, reportFields, showEvent } from "../restore-events.ts";

type PlanWords = { yes: boolean } & { plan: string | undefined } & { "dry-run": boolean };

/** Words that every command with a plan takes. */
export function planWords<A>(parser: Argv<A>): Argv<A & PlanWords> {
  return parser
    .option("yes", {
      alias: "y",
      type: "boolean",
      default: false,
      describe: "Agree to what the plan shows",
    })
    .option("plan", {
      type: "string",
      requiresArg: true,
      describe: "Agree to exactly this plan: its 12 digits",
    })
    .option("dry-run", {
      alias: "n",
      type: "boolean",
      default: false,
      describe: "Show the plan only",
    });
}

/** `snap restore`: roll workspace and cloud back to a snapshot. */
export const restoreCommand: AnyCommand = defineCommand({
  command: "restore [snapshot] [paths..]",
  describe: "Roll workspace and cloud back to a snapshot, safely",
  builder: (parser) =>
    planWords(parser)
      .positional("snapshot", {
        type: "string",
        describe: "Id, prefix, label, latest, latest~1, @time",
      })
      .positional("paths", {
        type: "string",
        array: true,
        default: [],
        describe: "Only these files, folders or globs of it",
      })
      .option("delete", {
        type: "boolean",
        describe:
          "Remove what the snapshot does not hold (default for a whole restore; --no-delete keeps it)",
      })
      .option("on-unsaved", {
        requiresArg: true,
        choices: ["refuse", "keep", "replace"] as const,
        default: "replace" as const,
        describe: "Local content that exists nowhere else; replaced content is saved first",
      })
      .option("abandon", {
        type: "string",
        requiresArg: true,
        describe: "Give up a restore that was cut off: its id",
      })
      .epilogue(
        "The plan is shown before anything changes; what either side loses is saved first. The restored state counts as an edit on top of the newest cloud version, so the cloud cannot undo it. Interrupted at any moment, the next command finishes it or takes it back. `snap undo` takes it back later.",
      )
      .example("snap restore latest --dry-run", "what would happen")
      .example("snap restore @yesterday notes/", "one folder as it was"),
  run: async (context, words) => {
    const { environment, output, place, work } = context;
    const onEvent = showEvent.bind(undefined, output);
    if (words.abandon !== undefined) {
      const report = await abandonRestore(
        environment,
        { place, restore: words.abandon, onEvent },
        work,
      );
      output.say(`Restore ${words.abandon} was given up: everything is as it was before.`);
      output.result("restore", report.exit, reportFields(report));
      return report.exit;
    }
    const outcome = await restoreWorkspace(
      environment,
      {
        place,
        reference: words.snapshot ?? "",
        paths: words.paths,
        delete: words.delete,
        onUnsaved: words.onUnsaved,
        consent: consentOf(context, words),
        dryRun: words.dryRun,
        onEvent,
      },
      work,
    );
    return concludeRestore(output, { command: "restore", verb: "Restored" }, outcome);
  },
});

/** `snap undo`: take a restore back. */
export const undoCommand: AnyCommand = defineCommand({
  command: "undo [restore]",
  describe: "Take the last restore back, or the one named",
  builder: (parser) =>
    planWords(parser)
      .positional("restore", { type: "string", describe: "An id of `snap restores`" })
      .option("skip-changed", {
        type: "boolean",
        default: false,
        describe: "Leave paths alone that were changed since, and take the rest back",
      }),
  run: async (context, words) => {
    const { environment, output, place, work } = context;
    const outcome = await undoRestore(
      environment,
      {
        place,
        restore: words.restore,
        skipChanged: words.skipChanged,
        consent: consentOf(context, words),
        dryRun: words.dryRun,
        onEvent: showEvent.bind(undefined, output),
      },
      work,
    );
    return concludeRestore(output, { command: "undo", verb: "Taken back" }, outcome);
  },
});

/** `snap restores`: every restore, undo and rollback of the workspace. */
export const restoresCommand: AnyCommand = defineCommand({
  command: "restores",
  describe: "List restores, undos and rollbacks, oldest first",
  builder: (parser) => parser,
  run: async ({ environment, output, place }) => {
    const rows = await listRestores(environment, place);
    for (const row of rows) {
      output.emit("restore", {
        id: row.id,
        kind: row.kind,
        state: row.state,
        snapshot: row.snapshot,
        madeAt: row.madeAt,
      });
    }
    const cells = rows.map((row) => [
      row.id,
      formatTime(row.madeAt),
      row.kind,
      row.state,
      row.snapshot === undefined ? "" : row.snapshot.slice(0, 8),
    ]);
    output.print(
      rows.length === 0
        ? "No restores yet."
        : table([["id", "time", "kind", "state", "snapshot"], ...cells]),
    );
    output.result("restores", 0, { count: rows.length });
    return 0;
  },
});
