import type { RestoreConsent, RestoreEvent, RestoreReport } from "../app/restore.ts";
import { displayName } from "../core/path/names.ts";
import { SnapError } from "../std/error.ts";
import type { CliContext } from "./context.ts";
import { formatSize } from "./format.ts";
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
      return `  left aside  ${displayName(event.path)} (${event.side}): ${event.reason}`;
    case "preflight":
    case "state":
    case "verified":
      return undefined;
  }
}

/** The last lines of a restore or an undo. */
export function showReport(output: Output, report: RestoreReport, verb: string): void {
  const { local } = report.counts;
  const changed = local.create + local.replace + local.metadata + local.delete;
  const uploaded = report.uploadedBytes > 0 ? `, ${formatSize(report.uploadedBytes)} uploaded` : "";
  const end = report.exit === 0 ? `${verb}, and verified` : `${verb} in part`;
  output.say(`${end}: ${changed} changed here, ${local.keep} kept${uploaded}.`);
  if (report.state === "done" || report.state === "partial")
    output.say(`Take it back with: snap undo ${report.restore}`);
}

/** The report for programs. */
export function reportFields(report: RestoreReport): Readonly<Record<string, Json>> {
  const {
    restore,
    kind,
    snapshot,
    state,
    digest,
    counts,
    safety,
    left,
    late,
    ignored,
    uploadedBytes,
  } = report;
  return {
    restore,
    kind,
    snapshot,
    state,
    digest,
    counts,
    safety,
    left,
    late,
    ignored,
    uploadedBytes,
  };
}
