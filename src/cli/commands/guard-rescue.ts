import { rescueRepository, type RescueReport } from "../../app/guard-rescue.ts";
import { displayName } from "../../core/path/names.ts";
import { SnapError, type ExitCode } from "../../std/error.ts";
import type { CliContext } from "../context.ts";
import { formatSize, plural } from "../format.ts";

/** The words of `snap guard rescue`. */
export type RescueCommandWords = {
  readonly folder: string;
  readonly out: string | undefined;
  readonly dryRun: boolean;
};

/** `snap guard rescue`: save commits that no ref leads to. 4 where some of them could not be saved. */
export async function rescueCommand(
  { environment, output, work }: CliContext,
  { folder, out, dryRun }: RescueCommandWords,
): Promise<ExitCode> {
  if (out === undefined && !dryRun) {
    throw new SnapError("usage", "Where to? --out is missing", {
      hint: "Name a file outside of the repository: --out ~/rescued.bundle. With --dry-run nothing is written.",
    });
  }
  const { signal } = work;
  const target = dryRun ? undefined : out;
  const report = await rescueRepository(environment, { folder, out: target, signal });
  const exit: ExitCode = report.left.length === 0 && report.complete ? 0 : 4;
  for (const tip of report.tips)
    output.emit("tip", { ...tip, date: tip.date ?? null, saved: target !== undefined });
  for (const tip of report.left)
    output.emit("tip", { ...tip, date: tip.date ?? null, saved: false });
  output.print(textOf(report));
  const { path, content, bytes, complete, tips, left, commands } = report;
  output.result("guard rescue", exit, {
    path,
    out: target === undefined ? null : (report.out ?? null),
    content,
    bytes,
    complete,
    tips: tips.length,
    left: left.length,
    commands,
    dryRun,
  });
  return exit;
}

function textOf(report: RescueReport): string {
  return [
    headline(report),
    ...report.tips.map(tipLine),
    ...leftLines(report),
    ...(report.complete
      ? []
      : ["Git could not look for commits that nothing names: there may be more."]),
    ...wayBack(report),
  ].join("\n");
}

function headline({ tips, left, out, bytes }: RescueReport): string {
  const count = plural(tips.length, "lost commit");
  if (tips.length === 0) {
    return left.length === 0
      ? "Nothing is lost: refs lead to every commit."
      : "Nothing could be saved.";
  }
  if (out === undefined || bytes === 0) return `${count} could be saved:`;
  return `Saved ${count} to "${displayName(out)}" (${formatSize(bytes)}):`;
}

function tipLine({ ref, date, subject, namedBy }: RescueReport["tips"][number]): string {
  const day = date?.slice(0, 10) ?? "          ";
  const origin = namedBy.length === 0 ? "" : `  (from ${displayName(namedBy.join(", "))})`;
  return `  ${ref}  ${day}  ${displayName(subject)}${origin}`;
}

function leftLines({ left }: RescueReport): string[] {
  if (left.length === 0) return [];
  return [
    `${plural(left.length, "lost commit")} cannot be saved, objects of them are missing:`,
    ...left.map(tipLine),
  ];
}

function wayBack({ commands, content, tips }: RescueReport): string[] {
  if (commands.length === 0) return [];
  const where =
    content === "whole"
      ? "in this or any other repository"
      : "in this repository or another one that has its branches";
  const isCopied = tips.some(({ namedBy }) => namedBy.some((path) => path.startsWith("refs/")));
  return [
    `To look at them, ${where}:`,
    ...commands.map((command) => `  ${command}`),
    ...(isCopied
      ? ["Git does not fetch while conflicted copies lie among its refs: remove them first."]
      : []),
  ];
}
