import type { RestoreConsent, RestoreEvent, RestoreReport } from "../app/restore.ts";
import { displayName } from "../core/path/names.ts";
import { SnapError, type ExitCode } from "../std/error.ts";
import type { CliContext } from "./context.ts";
import { formatSize, plural } from "./format.ts";
import { planFields, planText } from "./plan-text.ts";
import type { Output } from "./output.ts";
import type { Json } from "../std/json.ts";

/** Words that say how a person agrees. */
export type ConsentWords = { readonly yes: boolean; readonly plan: string | undefined };

/** `--yes`, `--plan DIGEST`, a question on a terminal, or nothing (T9). */
export function consentOf({ output, questions }: CliContext, words: ConsentWords): RestoreConsent {
  if (words.plan !== undefined) {
    if (!/^[0-9a-f]{12,64}$/i.test(words.plan)) {
      throw new SnapError("usage", `Not the digest of a plan: "${words.plan}"`, {
        hint: "Give the 12 digits that the plan shows, or more of them.",
      });
    }
    return { by: "plan", digest: words.plan.toLowerCase() };
  }
  if (words.yes) return { by: "yes" };
  if (!questions.isPossible) return { by: "none" };
  return {
    by: "ask",
    ask: async (plan, drifted) => {
      // Nobody agrees to what was not shown (T4), not even with --quiet.
      if (drifted !== undefined) output.print("Something changed meanwhile. The plan is now:");
      if (drifted !== undefined || output.isQuiet) output.print(planText(plan));
      return questions.confirm("Do this?");
    },
  };
}

/** Show what a restore tells while it goes on. */
export function showEvent(output: Output, event: RestoreEvent): void {
  switch (event.type) {
    case "plan":
      output.emit("plan", { ...planFields(event.plan), drifted: event.drifted });
      if (!event.drifted) output.say(planText(event.plan));
      output.listSteps();
      return;
    case "progress":
      output.progress(event);
      return;
    case "warning":
      output.warn(event.message);
      return;
    case "result":
      return;
    case "preflight":
    case "saved":
    case "state":
    case "late":
    case "left":
    case "verified":
      showFact(output, event);
  }
}

type Fact = Exclude<RestoreEvent, { type: "plan" | "progress" | "warning" | "result" }>;

/** Plain data: programs get all of it, people what concerns them. */
function showFact(output: Output, event: Fact): void {
  const { type, ...fields } = event;
  output.emit(type, fields);
  const text = factText(event);
  if (text !== undefined) output.say(text);
}

function factText(event: Fact): string | undefined {
  switch (event.type) {
    case "saved":
      return `Saved the ${event.side === "local" ? "workspace" : "cloud"} as snapshot ${event.snapshot.slice(0, 8)}.`;
    case "late":
      return `  late edit   ${displayName(event.path)}: changed in Dropbox meanwhile; both versions are kept`;
    case "left":
      return `  left aside  ${displayName(event.path)} (${event.side}): ${displayName(event.reason)}`;
    case "preflight":
    case "state":
    case "verified":
      return undefined;
  }
}

/**
 * The last lines of a restore, an undo or a rollback, and its result event.
 *
 * @param told the name of the command, and what it did in the past tense
 */
export function concludeRestore(
  output: Output,
  told: { readonly command: string; readonly verb: string },
  outcome: RestoreReport | "planned",
): ExitCode {
  if (outcome === "planned") {
    output.say("Nothing was changed.");
    output.result(told.command, 0, { dryRun: true });
    return 0;
  }
  output.say(reportText(outcome, told.verb));
  output.result(told.command, outcome.exit, reportFields(outcome));
  return outcome.exit;
}

function reportText(report: RestoreReport, verb: string): string {
  const { local } = report.counts;
  const changed = local.create + local.replace + local.metadata + local.delete;
  const served = servedText(report);
  const sent = report.uploadedBytes > 0 ? `, ${formatSize(report.uploadedBytes)} uploaded` : "";
  const end = report.state === "done" ? `${verb}, and verified` : `${verb} in part`;
  const text = `${end}: ${changed} changed here, ${local.keep} kept${served}${sent}.`;
  const isUndoable = report.state === "done" || report.state === "partial";
  return isUndoable ? `${text}\nTake it back with: snap undo ${report.restore}` : text;
}

function servedText({ reverted = 0, moved = 0, copied = 0 }: RestoreReport): string {
  const counts = [
    [reverted, "put back"],
    [moved, "moved"],
    [copied, "copied"],
  ] as const;
  const done = counts.flatMap(([count, what]) =>
    count === 0 ? [] : [`${plural(count, "file")} ${what}`],
  );
  return done.length === 0 ? "" : `, ${done.join(", ")} by Dropbox itself`;
}

/** The report for programs: without what only the journal needs. */
export function reportFields(report: RestoreReport): Readonly<Record<string, Json>> {
  const { options: _options, consent: _consent, exit: _exit, ...fields } = report;
  return fields;
}
