import { addIgnoreRules, checkIgnored, listRules, removeIgnoreRules } from "../../app/ignore.ts";
import { displayName } from "../../core/path/names.ts";
import { SnapError, type ExitCode } from "../../std/error.ts";
import { checkedText } from "../checked-text.ts";
import { defineCommand, type AnyCommand, type CliContext } from "../context.ts";

/** `snap ignore`: what is not synced, by the rules in `.mignore`. */
export const ignoreCommand: AnyCommand = defineCommand({
  command: "ignore <action> [patterns..]",
  describe: "Show and change the rules of .mignore: what is not synced",
  builder: (parser) =>
    parser
      .positional("action", {
        choices: ["list", "add", "remove", "check"] as const,
        demandOption: true,
        describe: "show the rules · add some · take some out · say which line decides about a path",
      })
      .positional("patterns", {
        type: "string",
        array: true,
        describe: "Rules in the syntax of .gitignore; for check: paths",
      })
      .option("dry-run", {
        alias: "n",
        type: "boolean",
        default: false,
        describe: "Show what would be changed",
      })
      .example("snap ignore add '*.log' build/", "in quotes, so that the shell leaves it alone")
      .example("snap ignore check build/a.o", "which line, and why")
      .epilogue(
        "Ignoring is not deleting: what is ignored from now on stays where it is, on both sides, and is synced no more. A rule that begins with a slash counts from the top of the workspace. The file .mignore itself is synced.",
      ),
  run: async (context, words) => {
    const { action, patterns = [], dryRun } = words;
    if (action === "list") return list(context, patterns);
    if (patterns.length === 0) throw unnamed(action);
    if (action === "check") return check(context, patterns);
    return change(context, { action, patterns, dryRun });
  },
});

function list({ environment, output, place }: CliContext, patterns: readonly string[]): ExitCode {
  if (patterns.length > 0) throw new SnapError("usage", "`snap ignore list` takes no rule");
  const rules = listRules(environment, place);
  for (const { line, pattern } of rules) output.emit("rule", { line, pattern });
  output.print(
    rules.length === 0
      ? "There are no rules: everything is synced."
      : rules.map(({ line, pattern }) => `${line}  ${displayName(pattern)}`).join("\n"),
  );
  output.result("ignore", 0, { action: "list", count: rules.length });
  return 0;
}

type ChangeWords = {
  readonly action: "add" | "remove";
  readonly patterns: readonly string[];
  readonly dryRun: boolean;
};

function change({ environment, output, place }: CliContext, words: ChangeWords): ExitCode {
  const { action, dryRun } = words;
  const isAdd = action === "add";
  const edit = isAdd ? addIgnoreRules : removeIgnoreRules;
  const { changed, unchanged } = edit(environment, { ...words, place });
  for (const pattern of unchanged) {
    output.say(`${displayName(pattern)} is ${isAdd ? "there already" : "no rule"}.`);
  }
  for (const pattern of changed) {
    output.emit("rule", { action, pattern, dryRun });
    output.say(
      `${dryRun ? "Would be" : "Is now"} ${isAdd ? "a rule" : "gone"}: ${displayName(pattern)}`,
    );
  }
  if (dryRun) output.say("Nothing was changed.");
  const told = { changed: [...changed], unchanged: [...unchanged] };
  output.result("ignore", 0, { action, dryRun, ...told });
  return 0;
}

async function check(
  { environment, output, place }: CliContext,
  paths: readonly string[],
): Promise<ExitCode> {
  const checked = await checkIgnored(environment, place, paths);
  for (const item of checked) {
    const { path, kind, state, rule, why, byGit } = item;
    const { line, pattern } = rule ?? {};
    output.emit("checked", { path, kind, state, line, pattern, byGit, why });
    output.print(`${displayName(path)}: ${checkedText(item)}`);
  }
  output.result("ignore", 0, { action: "check", count: checked.length });
  return 0;
}

function unnamed(action: string): SnapError {
  return action === "check"
    ? new SnapError("usage", "Name at least one path", { hint: "snap ignore check PATH" })
    : new SnapError("usage", "Give at least one rule", {
        hint: `snap ignore ${action} '*.log': in quotes, so that the shell leaves it alone.`,
      });
}
