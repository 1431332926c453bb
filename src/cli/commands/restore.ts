import type { Argv } from "yargs";
import { listRestores, restoreWorkspace } from "../../app/restore.ts";
import { listForgets, takeBack } from "../../app/take-back.ts";
import type { ForgetRecord } from "../../core/snapshot/forget-record.ts";
import type { RestoreRow } from "../../core/snapshot/restore-state.ts";
import { serverSides, type ServerSide } from "../../core/snapshot/server-world.ts";
import type { ExitCode } from "../../std/error.ts";
import { defineCommand, type AnyCommand } from "../context.ts";
import { copyOut, refuseMixedWords } from "../copy-out.ts";
import { cutOffWords, settleCutOff } from "../cut-off.ts";
import { formatTime, plural, table } from "../format.ts";
import type { Output } from "../output.ts";
import { remoteOnlyWords, runRemoteOnly } from "../remote-only.ts";
import { concludeRestore, consentOf, showEvent } from "../restore-events.ts";
import { allWorkspaces } from "../snapshot-words.ts";

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

type RemoteWords = {
  "server-side": ServerSide | undefined;
  procedure: "reconcile" | "documented" | undefined;
  offline: boolean;
};

/** How a restore reaches Dropbox. */
function remoteWords<A>(parser: Argv<A>): Argv<A & RemoteWords> {
  return parser
    .option("server-side", {
      requiresArg: true,
      choices: serverSides,
      describe:
        "What Dropbox does itself: all it can (default), the same but uploading small files instead of putting each back, or nothing",
    })
    .option("procedure", {
      requiresArg: true,
      choices: ["reconcile", "documented"] as const,
      describe:
        "How Dropbox follows: by what differs (reconcile, default), or emptied and uploaded anew (documented)",
    })
    .option("offline", {
      type: "boolean",
      default: false,
      describe: "Restore the disk without asking Dropbox, which follows with the next sync",
    });
}

/** What becomes of repositories. */
function repositoryWords<A>(parser: Argv<A>): Argv<A & { "drop-commits": boolean }> {
  return parser.option("drop-commits", {
    type: "boolean",
    default: false,
    describe: "Go back also where commits that only a present repository has cannot be kept in it",
  });
}

/** `snap restore`: roll workspace and cloud back to a snapshot. */
export const restoreCommand: AnyCommand = defineCommand({
  command: "restore [snapshot] [paths..]",
  describe: "Roll workspace and cloud back to a snapshot, safely",
  builder: (parser) =>
    planWords(repositoryWords(remoteOnlyWords(remoteWords(cutOffWords(parser)))))
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
      .option("ignored", {
        type: "boolean",
        default: false,
        describe:
          "Put back ignored files that were captured with --ignored, too: on this disk alone",
      })
      .option("to", {
        type: "string",
        requiresArg: true,
        describe: "Copy the snapshot to this folder, missing or empty, and touch nothing else",
      })
      .option("special-modes", {
        type: "boolean",
        default: false,
        describe: "Set setuid, setgid and sticky bits as they were, too",
      })
      .option("require-quiet", {
        type: "boolean",
        default: false,
        describe: "Change nothing while a program has a touched file open for writing",
      })
      .option("all-workspaces", {
        ...allWorkspaces,
        describe: "With --to or --remote-only: a snapshot of any workspace",
      })
      .epilogue(
        "The plan is shown before anything changes; what either side loses is saved first. The restored state counts as an edit on top of the newest cloud version, so the cloud cannot undo it. Interrupted at any moment, the next command finishes it or takes it back. `snap undo` takes it back later.",
      )
      .example("snap restore latest --dry-run", "what would happen")
      .example("snap restore @yesterday notes/", "one folder as it was")
      .example("snap restore latest --to ~/look", "a plain copy of everything, elsewhere")
      .example("snap restore latest --remote-only --remote /project", "a folder of Dropbox"),
  run: async (context, words) => {
    const { environment, output, place, work } = context;
    refuseMixedWords(words);
    if (words.to !== undefined) return await copyOut(context, words, words.to);
    const settled = await settleCutOff(context, words);
    if (settled !== undefined) return settled;
    const onEvent = showEvent.bind(undefined, output);
    if (words.remote !== undefined) return await runRemoteOnly(context, words, words.remote);
    const outcome = await restoreWorkspace(
      environment,
      {
        place,
        reference: words.snapshot ?? "",
        paths: words.paths,
        delete: words.delete,
        onUnsaved: words.onUnsaved,
        specialModes: words.specialModes,
        ignored: words.ignored,
        requireQuiet: words.requireQuiet,
        offline: words.offline,
        serverSide: words.serverSide,
        dropCommits: words.dropCommits,
        procedure: words.procedure === "documented" ? "documented" : undefined,
        consent: consentOf(context, words),
        dryRun: words.dryRun,
        onEvent,
      },
      work,
    );
    return concludeRestore(output, { command: "restore", verb: "Restored" }, outcome);
  },
});

/** `snap undo`: take a restore, a rollback or a forget back. */
export const undoCommand: AnyCommand = defineCommand({
  command: "undo [restore]",
  describe: "Take the last restore, rollback or forget back, or the one named",
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
    const taken = await takeBack(
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
    if (taken.act === "forget") return concludeForget(output, taken.record, words.dryRun);
    return concludeRestore(output, { command: "undo", verb: "Taken back" }, taken.outcome);
  },
});

function concludeForget(output: Output, record: ForgetRecord, dryRun: boolean): ExitCode {
  const count = plural(record.snapshots.length, "snapshot");
  output.say(
    dryRun
      ? `${count} would be back. Nothing was changed.`
      : `Taken back: ${count} can be used again.`,
  );
  const snapshots = record.snapshots.map(({ id }) => id);
  output.result("undo", 0, { act: "forget", forget: record.id, snapshots, dryRun });
  return 0;
}

/** `snap restores`: every restore, undo and rollback of the workspace, and every forget that can be taken back. */
export const restoresCommand: AnyCommand = defineCommand({
  command: "restores",
  describe: "List restores, undos, rollbacks and forgets, oldest first",
  builder: (parser) => parser,
  run: async ({ environment, output, place }) => {
    const restores = (await listRestores(environment, place)).map(actOfRestore);
    const forgets = (await listForgets(environment, place)).map(actOfForget);
    const acts = [...restores, ...forgets].toSorted((a, b) => a.madeAt - b.madeAt);
    for (const { shown: _shown, ...fields } of acts) output.emit("restore", fields);
    const cells = acts.map((act) => [
      act.id,
      formatTime(act.madeAt),
      act.kind,
      act.state,
      act.shown,
    ]);
    output.print(
      acts.length === 0
        ? "No restores yet."
        : table([["id", "time", "kind", "state", "snapshot"], ...cells]),
    );
    output.result("restores", 0, { count: acts.length });
    return 0;
  },
});

/** One line of the list; `shown` for people. */
type Act = {
  readonly id: string;
  readonly kind: string;
  readonly state: string;
  readonly snapshot?: string | undefined;
  readonly snapshots?: readonly string[];
  readonly madeAt: number;
  readonly shown: string;
};

function actOfRestore({ id, kind, state, snapshot, madeAt }: RestoreRow): Act {
  return { id, kind, state, snapshot, madeAt, shown: snapshot?.slice(0, 8) ?? "" };
}

function actOfForget({ id, time, snapshots }: ForgetRecord): Act {
  const ids = snapshots.map((one) => one.id);
  const [first = ""] = ids;
  const more = ids.length > 1 ? ` and ${ids.length - 1} more` : "";
  return {
    id,
    kind: "forget",
    state: "done",
    snapshots: ids,
    madeAt: Date.parse(time),
    shown: `${first.slice(0, 8)}${more}`,
  };
}
