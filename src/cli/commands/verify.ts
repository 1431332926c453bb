import { verifySnapshots, type Difference, type VerifyReport } from "../../app/verify.ts";
import { displayName } from "../../core/path/names.ts";
import { SnapError, type ExitCode } from "../../std/error.ts";
import { defineCommand, type AnyCommand } from "../context.ts";
import { showReadiness, type ForRestoreWords } from "../for-restore.ts";
import { formatSize, plural } from "../format.ts";
import type { Output } from "../output.ts";
import { parseMs } from "../quantities.ts";
import { repositoryFields, unitDifferenceWords } from "../unit-difference-text.ts";
import type { Json } from "../../std/json.ts";
import { allWorkspaces } from "../snapshot-words.ts";

const levels = ["0", "1", "2", "3", "4", "5"] as const;

/** `snap verify`: prove what is in the store, and what equals it. */
export const verifyCommand: AnyCommand = defineCommand({
  command: "verify [snapshot] [paths..]",
  describe: "Prove that snapshots are whole, and what equals them",
  builder: (parser) =>
    parser
      .positional("snapshot", {
        type: "string",
        describe: "Id, prefix, label, latest, latest~1, @time; all if left out",
      })
      .positional("paths", {
        type: "string",
        array: true,
        default: [],
        describe: "With --for-restore: only these files, folders or globs of it",
      })
      .option("for-restore", {
        type: "boolean",
        default: false,
        describe: "Ask all that a restore asks before it changes anything, and change nothing",
      })
      .option("to", {
        type: "string",
        requiresArg: true,
        describe: "With --for-restore: for a copy to this folder",
      })
      .option("require-quiet", {
        type: "boolean",
        default: false,
        describe: "With --for-restore: not ready while a touched file is open for writing",
      })
      .option("all-workspaces", {
        ...allWorkspaces,
        describe: "With --for-restore --to: a snapshot of any workspace",
      })
      .option("level", {
        requiresArg: true,
        choices: levels,
        describe:
          "Default 2. 0 everything resolves · 1 packs have their hash · 2 every block decodes · 3 and the workspace equals the snapshot · 4 and Dropbox equals it, or still has it as a revision · 5 levels 0 to 2, and a fire drill: restore 1000 files into a spare folder and compare them",
      })
      .option("rehash", {
        type: "boolean",
        default: false,
        describe: "Level 3: read every file of the workspace instead of trusting the index",
      })
      .option("all", {
        type: "boolean",
        default: false,
        describe: "Level 5: restore every file, not a sample",
      })
      .option("budget", {
        type: "string",
        requiresArg: true,
        describe:
          "Levels 1 and 2, and --for-restore: stop after this time, like 5m; of packs those verified longest ago come first",
      })
      .epilogue(
        "Run daily with --budget, it covers the whole store in turn. Level 3 looks into repositories, too: at their stats where nobody wrote to one since it was captured, else it reads them. Exit code 5: something is damaged (the store; see snap repair) or different (workspace, Dropbox, or what was restored).",
      ),
  run: async (context, words) => {
    const { environment, output, place, work } = context;
    refuseMixedWords(words);
    if (words.forRestore) return await showReadiness(context, words);
    const level = Number(words.level ?? 2);
    const report = await verifySnapshots(
      environment,
      {
        place,
        reference: words.snapshot,
        level,
        rehash: words.rehash,
        all: words.all,
        budgetMs: words.budget === undefined ? undefined : parseMs(words.budget, "--budget"),
      },
      work,
    );
    return conclude(output, level, report);
  },
});

/** What was found, and the result event. */
function conclude(output: Output, level: number, report: VerifyReport): ExitCode {
  for (const damage of report.damaged) {
    output.emit("damaged", damage);
    const paths = damage.paths.map((path) => `\n    needed by ${displayName(path)}`).join("");
    output.print(
      `damaged ${damage.what} ${displayName(damage.name)}: ${displayName(damage.reason)}${paths}`,
    );
  }
  for (const difference of report.different) {
    output.emit("different", differenceFields(difference));
    output.print(differenceText(difference));
  }
  for (const path of report.held) output.emit("held", { path });
  for (const line of factLines(report)) output.say(line);
  const checked = `${plural(report.checked, "thing")} checked, ${formatSize(report.bytes)} read`;
  const sound = report.damaged.length === 0 && report.different.length === 0;
  output.say(sound ? `Sound: ${checked}.` : `Not sound: ${checked}.`);
  const exit = sound ? 0 : 5;
  output.result("verify", exit, {
    level,
    checked: report.checked,
    bytes: report.bytes,
    damaged: report.damaged.length,
    different: report.different.length,
    held: report.held.length,
    ...(report.left === undefined ? {} : { left: report.left }),
    ...(report.drill === undefined ? {} : { drill: report.drill }),
  });
  return exit;
}

function differenceFields({ repository, ...rest }: Difference): Readonly<Record<string, Json>> {
  return repository === undefined ? rest : { ...rest, repository: repositoryFields(repository) };
}

function differenceText({ side, path, reason, repository }: Difference): string {
  const how = repository === undefined ? displayName(reason) : unitDifferenceWords(repository);
  return `${side} differs: ${displayName(path)}: ${how}`;
}

type Words = ForRestoreWords & {
  readonly forRestore: boolean;
  readonly level: string | undefined;
  readonly rehash: boolean;
  readonly all: boolean;
};

/** Words that mean something only with `--for-restore`, or only without. @throws {SnapError} `usage` */
function refuseMixedWords(words: Words): void {
  const { forRestore, paths, to, requireQuiet, level, rehash, all, allWorkspaces: every } = words;
  const own = { PATH: paths.length > 0, "--to": to !== undefined, "--require-quiet": requireQuiet };
  const others = { "--level": level !== undefined, "--rehash": rehash, "--all": all };
  const foreign = forRestore ? others : { ...own, "--all-workspaces": every };
  const copy = {
    "--require-quiet": requireQuiet && to !== undefined,
    "--all-workspaces": every && to === undefined,
  };
  const wrong = Object.entries({ ...foreign, ...(forRestore ? copy : {}) }).find(
    ([, isThere]) => isThere,
  );
  if (wrong === undefined) return;
  throw new SnapError("usage", `${wrong[0]} does not go with the other words`, {
    hint: "For example: snap verify latest --level 4, snap verify latest notes/ --for-restore, snap verify latest --for-restore --to DIR",
  });
}

function factLines({ held, left, drill }: VerifyReport): readonly string[] {
  const files = (count: number): string => plural(count, "file");
  return [
    ...(held.length === 0
      ? []
      : [`Dropbox holds ${files(held.length)} only as an older revision.`]),
    ...(left === undefined
      ? []
      : [
          `The time was over: ${plural(left.packs, "pack")}, ${formatSize(left.bytes)}, are left for the next time.`,
        ]),
    ...(drill === undefined
      ? []
      : [`Restored for practice: ${files(drill.files)}, ${formatSize(drill.bytes)}.`]),
  ];
}
