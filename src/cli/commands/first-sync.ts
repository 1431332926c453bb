import type { FirstOutcome, FirstWords } from "../../app/first-sync.ts";
import type { FirstPlan, UnitePlan } from "../../app/first-plan.ts";
import { displayName } from "../../core/path/names.ts";
import { SnapError, type ExitCode } from "../../std/error.ts";
import type { Json } from "../../std/json.ts";
import type { CliContext } from "../context.ts";
import { formatSize, plural } from "../format.ts";
import { planFields, planText } from "../plan-text.ts";
import { concludeRestore, consentOf, showEvent, type ConsentWords } from "../restore-events.ts";
import { showLeft } from "../left-text.ts";
import { describeReport } from "./sync.ts";

/** Words of `snap link` that are about the first sync. */
export type FirstSyncWords = ConsentWords & {
  readonly initial: FirstWords["initial"];
  readonly dryRun: boolean;
};

/** What the app asks back while it binds two folders and makes their first sync. */
export function firstWords(context: CliContext, words: FirstSyncWords): FirstWords {
  const { initial, dryRun } = words;
  return {
    initial,
    dryRun,
    consent: consentOf(context, words),
    agree: (plan) => agree(context, words, plan),
    onPlan: (plan) => showPlan(context, initial, plan),
    onEvent: showEvent.bind(undefined, context.output),
  };
}

/** Say how it ended, and return the exit code. */
export function concludeFirst({ output }: CliContext, outcome: FirstOutcome): ExitCode {
  switch (outcome.kind) {
    case "planned":
      output.say("Nothing was changed.");
      output.result("link", 0, { dryRun: true });
      return 0;
    case "one-sided":
      return concludeRestore(output, { command: "link", verb: "Linked" }, outcome.report);
    case "united": {
      const { report, record } = outcome;
      for (const conflict of report.conflicts) output.emit("conflict", conflict);
      showLeft(output, report.left);
      output.say(`Linked. ${describeReport(report)}`);
      output.result("link", report.exit, { workspace: record.id, counts: report.counts });
      return report.exit;
    }
  }
}

function showPlan({ output }: CliContext, initial: FirstWords["initial"], plan: FirstPlan): void {
  if (plan.kind === "one-sided") {
    output.emit("first-sync", { initial, ...planFields(plan.plan) });
    output.say(oneSidedText[plan.side]);
    output.say(planText(plan.plan));
    return;
  }
  const { up, down, equal, conflicts } = plan.plan;
  output.emit("first-sync", { initial, up, down, equal, conflicts, ...exampleFields(plan.plan) });
  output.say(unitedText(plan.plan));
  showLeft(output, plan.plan.left);
}

const oneSidedText = {
  push: "Dropbox is made like this folder:",
  pull: "This folder is made like Dropbox:",
} as const;

function exampleFields({ examples }: UnitePlan): Readonly<Record<string, Json>> {
  return { examples: examples.map(({ does, path }) => ({ does, path })) };
}

function unitedText({ up, down, equal, conflicts, examples }: UnitePlan): string {
  const lines = [
    `to upload    ${plural(up.files, "file")}, ${formatSize(up.bytes)}`,
    `to download  ${plural(down.files, "file")}, ${formatSize(down.bytes)}`,
    `equal        ${plural(equal, "file")}: nothing travels`,
    `different    ${plural(conflicts, "file")}: both versions are kept`,
  ];
  const named = examples.map(({ does, path }) => `  ${does.padEnd(8)}  ${displayName(path)}`);
  return [...lines, ...named].join("\n");
}

async function agree(
  { output, questions }: CliContext,
  { yes, plan: digest }: FirstSyncWords,
  plan: UnitePlan,
): Promise<void> {
  if (digest !== undefined) {
    throw new SnapError("usage", "--plan goes with --initial push and pull only", {
      hint: "Uniting two folders loses nothing: give --yes.",
    });
  }
  if (yes) return;
  if (!questions.isPossible) {
    throw new SnapError(
      "consent-needed",
      "Nothing was changed: the first sync needs your consent",
      {
        hint: "Run the same command with --yes.",
      },
    );
  }
  if (output.isQuiet) output.print(unitedText(plan));
  if (await questions.confirm("Link them, and do this?")) return;
  throw new SnapError("refused", "Not linked; nothing was changed");
}
