import type { PathStatus } from "../app/path-status.ts";
import { displayName } from "../core/path/names.ts";
import type { ExitCode } from "../std/error.ts";
import { checkedText } from "./checked-text.ts";
import { plural } from "./format.ts";
import { leftFields, showLeft } from "./left-text.ts";
import type { Output } from "./output.ts";

/** Show how one file or folder stands, and return the exit code. */
export function showPathStatus(output: Output, status: PathStatus): ExitCode {
  const { path, kind, state, pending, checked, left, isConflictCopy, exit } = status;
  showLeft(output, left);
  output.print(`${displayName(path === "" ? "." : path)}: ${textOf(status)}`);
  const why = checked && {
    state: checked.state,
    line: checked.rule?.line,
    pattern: checked.rule?.pattern,
    why: checked.why,
  };
  output.result("status", exit, {
    path,
    kind,
    state,
    pending,
    isConflictCopy,
    outside: why ?? null,
    left: left.map(leftFields),
  });
  return exit;
}

function textOf(status: PathStatus): string {
  const copy = status.isConflictCopy ? "; a conflicted copy: `snap conflicts` settles it" : "";
  return `${stateText(status)}${copy}`;
}

function stateText({ state, kind, pending, checked }: PathStatus): string {
  if (state === "left") return "left aside: see above";
  if (state === "missing") return "is on neither side, as far as is known";
  if (state === "outside") return checked === undefined ? "is not synced" : checkedText(checked);
  const texts = kind === "folder" ? folderTexts(plural(pending, "change")) : fileTexts;
  return texts[state];
}

type InScope = "synced" | "up" | "down" | "both";

const fileTexts: Readonly<Record<InScope, string>> = {
  synced: "in sync",
  up: "changed here, to go to Dropbox",
  down: "changed in Dropbox, to come here",
  both: "changed on both sides",
};

function folderTexts(changes: string): Readonly<Record<InScope, string>> {
  return {
    synced: "in sync, with everything in it",
    up: `${changes} here, to go to Dropbox`,
    down: `${changes} in Dropbox, to come here`,
    both: `${changes} on both sides`,
  };
}
