import { createHash } from "node:crypto";
import type { PlanItem, PlanSubject } from "./restore-item.ts";
import type { WantedNode } from "./restore-wanted.ts";

/** Digits of a digest that are shown and that `--plan` needs at least (T18). */
export const digestDigits = 12;

/**
 * SHA-256 of the canonical plan (T18): one JSON array a line; first the subject, then every path with what is
 * expected on each side (hash, rev, or absence) and what is left there.
 */
export function digestOf(items: readonly PlanItem[], subject: PlanSubject): string {
  const { kind, snapshot, options, link } = subject;
  const head = [
    ["restore", 1, kind, snapshot ?? null],
    [...options.paths.toSorted(), options.delete, options.onUnsaved, ...extrasOf(options)],
    [link?.account ?? null, link?.folder ?? null],
  ];
  const sum = createHash("sha256");
  for (const line of head) sum.update(`${JSON.stringify(line)}\n`);
  // One after the other: the text of a large plan is larger than the plan.
  for (const item of items) sum.update(`${JSON.stringify(itemLine(item))}\n`);
  return sum.digest("hex");
}

/** What few plans have. */
function extrasOf(options: PlanSubject["options"]): readonly string[] {
  const { specialModes, ignored, procedure, dropCommits } = options;
  return [
    ...(specialModes === true ? ["special-modes"] : []),
    ...(ignored === true ? ["ignored"] : []),
    ...(procedure === undefined ? [] : [procedure]),
    ...(dropCommits === true ? ["drop-commits"] : []),
  ];
}

/** Whether what the user typed names this digest. */
export function namesDigest(typed: string, digest: string): boolean {
  return typed.length >= digestDigits && digest.startsWith(typed.toLowerCase());
}

type Line = readonly (string | number | boolean | null)[];

function itemLine({ path, want, local, remote }: PlanItem): Line {
  return [path, ...wantLine(want), local.action, ...localLine(local.before), ...remoteLine(remote)];
}

function localLine(before: PlanItem["local"]["before"]): Line {
  if (before === undefined) return ["absent"];
  return [before.stat.kind, before.hash ?? before.stat.linkTarget ?? ""];
}

function remoteLine(remote: PlanItem["remote"]): Line {
  if (remote === undefined) return [];
  const { action, before } = remote;
  return before === undefined ? [action, "absent"] : [action, before.kind, before.rev, before.hash];
}

function wantLine(want: WantedNode | undefined): Line {
  if (want === undefined) return ["absent"];
  const attributes = want.attributes === undefined ? [] : [JSON.stringify(want.attributes)];
  if (want.kind === "symlink") return ["symlink", want.linkTarget, ...attributes];
  const owner = want.owner === undefined ? [] : [want.owner];
  const metadata = [want.mode ?? null, want.modifiedNs ?? null, ...owner, ...attributes];
  return want.kind === "folder" ? ["folder", ...metadata] : ["file", want.hash, ...metadata];
}
