import { checkFolder } from "../../app/guard.ts";
import { checkRemote } from "../../app/guard-remote.ts";
import { describeGuard } from "../../app/guard-report.ts";
import { resolveFolder } from "../../app/find-workspace.ts";
import { displayName } from "../../core/path/names.ts";
import { msOfTime } from "../../core/quantity.ts";
import { SnapError } from "../../std/error.ts";
import { rescueCommand } from "./guard-rescue.ts";
import { defineCommand, type AnyCommand, type CliContext } from "../context.ts";
import { explainCommand } from "./guard-explain.ts";
import { overrideCommand, withOverrideOptions } from "./guard-override.ts";
import type { ExitCode } from "../../std/error.ts";

/** `snap guard check`, `snap guard explain`, `snap guard override` and `snap guard rescue`. */
export const guardCommand: AnyCommand = defineCommand({
  command: "guard <action> [folder]",
  describe: "Find repositories in a folder, or decide to sync one all the same",
  builder: (parser) =>
    withOverrideOptions(parser)
      .positional("action", {
        choices: ["check", "explain", "override", "rescue"] as const,
        demandOption: true,
        describe:
          "check: find repositories · explain: all about one · override: record that one is to be synced · rescue: save lost commits",
      })
      .positional("folder", {
        type: "string",
        describe:
          "The folder; for explain also a finding of the current folder, as f2; for override and rescue, the repository itself",
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
          "check, explain: who counts commits and changed files; auto takes the cheapest that is exact",
      })
      .option("budget", {
        type: "string",
        requiresArg: true,
        describe:
          "check, explain: how long it may take at most, as 500ms, 30s, 2m; exit code 4 when it was not enough to see every folder",
      })
      .option("remote", {
        type: "string",
        requiresArg: true,
        describe: "check: judge this folder of the account, too, by its listing",
      })
      .option("deep", {
        type: "boolean",
        default: false,
        describe: "check, explain: follow every commit and read every object, for damage",
      })
      .option("out", {
        type: "string",
        requiresArg: true,
        describe: "rescue: the Git bundle to write, outside of the repository",
      })
      .example("snap guard check ~/thesis", "exit code 3 when it holds a repository")
      .example("snap guard check --engine none", "plain text only, no other program is started")
      .example("snap guard check --remote /thesis", "the folder in Dropbox as well")
      .example("snap guard explain f2", "what the second finding is, and each way out")
      .example("snap guard override --list", "risks that were taken, and whether they still hold")
      .example(
        "snap guard rescue ~/thesis --out ~/lost.bundle",
        "save commits that no ref leads to",
      )
      .epilogue(
        "The guard only reads: nothing of a repository is run or changed, no network is used. Commits and changed files are counted by your own git or hg, which are shown a copy of what they need.",
      ),
  run: async (context, words) => {
    const { engine, deep, folder = context.place } = words;
    const budgetMs = words.budget === undefined ? undefined : budgetOf(words.budget);
    if (words.action === "override") return await overrideCommand(context, words);
    if (words.action === "rescue") return await rescueCommand(context, { ...words, folder });
    if (words.action === "explain")
      return await explainCommand(context, { named: folder, engine, budgetMs, deep });
    return await check(context, { ...words, folder, budgetMs });
  },
});

const engines = ["auto", "git", "isomorphic-git", "none"] as const;

type CheckWords = {
  readonly folder: string;
  readonly failOn: "risk" | "repo" | "warn";
  readonly engine: (typeof engines)[number];
  readonly budgetMs: number | undefined;
  readonly deep: boolean;
  readonly remote: string | undefined;
};

async function check(
  { environment, output }: CliContext,
  { folder, failOn, engine, budgetMs, deep, remote }: CheckWords,
): Promise<ExitCode> {
  const startedAt = performance.now();
  const top = resolveFolder(environment, folder);
  const report = await checkFolder(environment, top, { engine, budgetMs, deep });
  const inRemote = remote === undefined ? undefined : await checkRemote(environment, remote);
  const options = {
    failOn,
    engine,
    deep,
    budgetMs: budgetMs ?? null,
    remote: remote ?? null,
  };
  const described = describeGuard({ report, failOn, remote: inRemote, options }, () =>
    Math.round(performance.now() - startedAt),
  );
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
