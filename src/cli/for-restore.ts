import { verifyForCopy, type ReadyCopyReport } from "../app/ready-copy.ts";
import { verifyForRestore, type ReadyReport } from "../app/ready.ts";
import { displayName } from "../core/path/names.ts";
import type { Check } from "../core/snapshot/readiness.ts";
import { SnapError, type ExitCode } from "../std/error.ts";
import type { Json } from "../std/json.ts";
import type { CliContext } from "./context.ts";
import { formatSize, plural } from "./format.ts";
import type { Output } from "./output.ts";
import { remoteFields } from "./plan-text.ts";
import { parseMs } from "./quantities.ts";
import { showEvent } from "./restore-events.ts";

/** What `snap verify SNAPSHOT [PATH…] --for-restore` is told. */
export type ForRestoreWords = {
  readonly snapshot: string | undefined;
  readonly paths: readonly string[];
  readonly to: string | undefined;
  readonly budget: string | undefined;
  readonly requireQuiet: boolean;
  readonly allWorkspaces: boolean;
};

/** Ask what a restore asks before it changes anything, and tell whether it would go through (T33 to T35). */
export async function showReadiness(
  context: CliContext,
  words: ForRestoreWords,
): Promise<ExitCode> {
  const { environment, output, place, work } = context;
  const { snapshot: reference = "", paths, requireQuiet, budget } = words;
  if (reference === "") {
    throw new SnapError("usage", "Name the snapshot that is to be restored", {
      hint: "For example: snap verify latest --for-restore",
    });
  }
  const budgetMs = budget === undefined ? undefined : parseMs(budget, "--budget");
  const asked = { place, reference, paths, budgetMs, onCheck: showCheck.bind(undefined, output) };
  if (words.to !== undefined) {
    const copy = { ...asked, to: words.to, all: words.allWorkspaces };
    const onDamage = ({ paths: needed, name, reason }: Damaged): void =>
      showItem(output, { path: needed[0] ?? name, reason });
    return concludeCopy(output, await verifyForCopy(environment, { ...copy, onDamage }, work));
  }
  const onItem = ({ path, message }: SnapError): void =>
    showItem(output, { path: path ?? "", reason: message });
  const onEvent = showEvent.bind(undefined, output);
  const request = { ...asked, requireQuiet, onItem, onEvent };
  return concludeRestore(output, await verifyForRestore(environment, request, work));
}

type Damaged = {
  readonly paths: readonly string[];
  readonly name: string;
  readonly reason: string;
};

function showCheck(output: Output, check: Check): void {
  const { id, ok, checked, reason } = check;
  output.emit("check", check);
  output.say(
    ok ? `  ok    ${id}: ${checked} checked` : `  fails ${id}: ${displayName(reason ?? "")}`,
  );
}

function showItem(output: Output, item: { readonly path: string; readonly reason: string }): void {
  output.emit("item", item);
  output.print(`damaged: ${displayName(item.path)}: ${displayName(item.reason)}`);
}

function concludeRestore(output: Output, report: ReadyReport): ExitCode {
  const { plan, loses, remote = null } = report;
  tellVerdict(output, report);
  return conclude(output, report, {
    snapshot: report.snapshot,
    workspace: report.workspace,
    remote,
    plan:
      plan === undefined
        ? null
        : { digest: plan.digest, local: plan.counts.local, remote: remoteFields(plan) },
    loses: { localOnly: loses.localOnly.length, remoteNewer: loses.remoteNewer.length },
  });
}

function concludeCopy(output: Output, report: ReadyCopyReport): ExitCode {
  const { totals } = report;
  if (totals !== undefined)
    output.say(`  ${plural(totals.files, "file")}, ${formatSize(totals.bytes)}`);
  tellVerdict(output, report);
  return conclude(output, report, { snapshot: report.snapshot, copy: totals ?? null });
}

type Verdict = Pick<ReadyReport, "ready" | "exit" | "complete" | "checks" | "left">;

function tellVerdict(output: Output, { ready, complete, left }: Verdict): void {
  for (const { path, side, reason } of left)
    output.say(`  left aside  ${displayName(path)} (${side}): ${displayName(reason)}`);
  if (!complete) output.say("The time was over before every block was read.");
  if (!ready) output.say("Not ready.");
  else output.say(left.length === 0 ? "Ready." : "Ready; what is listed would be left aside.");
}

function conclude(
  output: Output,
  report: Verdict,
  fields: Readonly<Record<string, Json>>,
): ExitCode {
  const { ready, exit, complete, checks, left } = report;
  output.result("verify", exit, { mode: "for-restore", ready, complete, ...fields, checks, left });
  return exit;
}
