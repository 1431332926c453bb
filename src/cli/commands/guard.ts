import { checkFolder, overrideRepository } from "../../app/guard.ts";
import { describeGuard } from "../../app/guard-report.ts";
import { resolveFolder } from "../../app/find-workspace.ts";
import { displayName } from "../../core/path/names.ts";
import { msOfTime } from "../../core/quantity.ts";
import { SnapError } from "../../std/error.ts";
import { rescueCommand } from "./guard-rescue.ts";
import { defineCommand, type AnyCommand, type CliContext } from "../context.ts";
import { formatTime } from "../format.ts";
import type { ExitCode } from "../../std/error.ts";

/** `snap guard check`, `snap guard override` and `snap guard rescue`. */
export const guardCommand: AnyCommand = defineCommand({
  command: "guard <action> [folder]",
  describe: "Find repositories in a folder, or decide to sync one all the same",
  builder: (parser) =>
    parser
      .positional("action", {
        choices: ["check", "override", "rescue"] as const,
        demandOption: true,
        describe:
          "check: find repositories · override: record that one is to be synced · rescue: save lost commits",
      })
      .positional("folder", {
        type: "string",
        describe: "The folder; for override and rescue, the repository itself",
      })
      .option("fail-on", {
        requiresArg: true,
        choices: ["risk", "repo", "warn"] as const,
        default: "repo" as const,
        describe: "check: from which finding on the exit code is 3",
      })
      .option("engine", {
        requiresArg: true,
        choices: engines,
        default: "auto" as const,
        describe:
          "check: who counts commits and changed files; auto takes the cheapest that is exact",
      })
      .option("budget", {
        type: "string",
        requiresArg: true,
        describe: "check: how long it may take at most, as 500ms, 30s, 2m",
      })
      .option("reason", {
        type: "string",
        requiresArg: true,
        describe: "override: why, in ten characters or more",
      })
      .option("deep", {
        type: "boolean",
        default: false,
        describe: "check: follow every commit and read every object, for damage",
      })
      .option("out", {
        type: "string",
        requiresArg: true,
        describe: "rescue: the Git bundle to write, outside of the repository",
      })
      .option("dry-run", {
        alias: "n",
        type: "boolean",
        default: false,
        describe: "override: record nothing · rescue: write nothing",
      })
      .example("snap guard check ~/thesis", "exit code 3 when it holds a repository")
      .example("snap guard check --engine none", "plain text only, no other program is started")
      .example(
        "snap guard rescue ~/thesis --out ~/lost.bundle",
        "save commits that no ref leads to",
      )
      .epilogue(
        "The guard only reads: nothing of a repository is run or changed, no network is used. Commits and changed files are counted by your own git or hg, which are shown a copy of what they need.",
      ),
  run: (context, words) => {
    const folder = words.folder ?? context.place;
    if (words.action === "rescue") return rescueCommand(context, { ...words, folder });
    return words.action === "check"
      ? check(context, { ...words, folder })
      : override(context, { folder, reason: words.reason, dryRun: words.dryRun });
  },
});

const engines = ["auto", "git", "isomorphic-git", "none"] as const;

type CheckWords = {
  readonly folder: string;
  readonly failOn: "risk" | "repo" | "warn";
  readonly engine: (typeof engines)[number];
  readonly budget: string | undefined;
  readonly deep: boolean;
};

async function check(
  { environment, output }: CliContext,
  { folder, failOn, engine, budget, deep }: CheckWords,
): Promise<ExitCode> {
  const startedAt = performance.now();
  const budgetMs = budget === undefined ? undefined : budgetOf(budget);
  const top = resolveFolder(environment, folder);
  const report = await checkFolder(environment, top, { engine, budgetMs, deep });
  const described = describeGuard(report, failOn, () => Math.round(performance.now() - startedAt));
  for (const { type, ...fields } of described.events) output.emit(type, fields);
  output.print(described.text);
  return described.exit;
}

function budgetOf(text: string): number {
  const time = msOfTime(text);
  if (time !== undefined && time > 0) return time;
  throw new SnapError("usage", `The budget "${displayName(text)}" is no time`, {
    hint: "Write a number with a unit: 500ms, 30s, 2m.",
  });
}

type OverrideWords = {
  readonly folder: string;
  readonly reason: string | undefined;
  readonly dryRun: boolean;
};

async function override(
  { environment, output }: CliContext,
  { folder, reason, dryRun }: OverrideWords,
): Promise<ExitCode> {
  if (reason === undefined) {
    throw new SnapError("usage", "An override needs a reason", {
      hint: `For example: snap guard override ${displayName(folder)} --reason "one device only, pushed daily"`,
    });
  }
  const record = await overrideRepository(environment, { folder, reason, dryRun });
  output.say(
    dryRun
      ? "Nothing was recorded."
      : `Recorded until ${formatTime(record.expiresAt)}. A file sync can still damage this repository: push your work, and never use two devices at once.`,
  );
  output.result("guard override", 0, { path: record.path, expiresAt: record.expiresAt, dryRun });
  return 0;
}
