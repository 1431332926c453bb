import { diffSnapshots } from "../../app/diff.ts";
import { displayName } from "../../core/path/names.ts";
import type { EntryChange } from "../../core/snapshot/diff.ts";
import { defineCommand, type AnyCommand } from "../context.ts";
import { plural } from "../format.ts";
import { allWorkspaces } from "../snapshot-words.ts";
import {
  unitDifferenceFields,
  unitDifferenceText,
  unjudgedUnitFields,
  unjudgedUnitText,
} from "../unit-difference-text.ts";

/** `snap diff`: what changed between two snapshots, or between one and the disk. */
export const diffCommand: AnyCommand = defineCommand({
  command: "diff <from> [to] [path]",
  describe: "Show what changed between two snapshots, or since one",
  builder: (parser) =>
    parser
      .positional("from", { type: "string", demandOption: true, describe: "A snapshot" })
      .positional("to", {
        type: "string",
        default: "local",
        describe: "Another one, `local` (the present workspace) or `remote` (what Dropbox holds)",
      })
      .positional("path", { type: "string", describe: "Only this file, or what is in this folder" })
      .option("all-workspaces", allWorkspaces)
      .option("all", {
        type: "boolean",
        default: false,
        describe:
          "Repositories file by file; otherwise each is one line that tells how it differs, and a path inside one shows its files",
      })
      .epilogue(
        "Content is compared by hash, never by time. Against `local` what the index trusts is not read again, against `remote` nothing is downloaded and repositories are passed over. A repository on the disk is read where somebody wrote to it since it was captured. + added  - removed  M changed  m mode or time only  R moved  ? a repository that cannot be read whole now (exit code 4)",
      ),
  run: async ({ environment, output, place, work }, words) => {
    let count = 0;
    let unjudged = 0;
    for await (const change of diffSnapshots(
      environment,
      {
        place,
        from: words.from,
        to: words.to,
        path: words.path,
        all: words.allWorkspaces,
        wholeUnits: words.all,
      },
      work,
    )) {
      count += 1;
      if (change.change === "unjudged") {
        unjudged += 1;
        output.emit("change", unjudgedUnitFields(change));
        output.print(unjudgedUnitText(change));
      } else if (change.change === "unit") {
        output.emit("change", unitDifferenceFields(change));
        output.print(unitDifferenceText(change));
      } else {
        output.emit("change", changeFields(change));
        output.print(changeText(change));
      }
      await output.flushed(work.signal);
    }
    output.say(count === 0 ? "No difference." : `${plural(count, "difference")}.`);
    const exit = unjudged === 0 ? 0 : 4;
    output.result("diff", exit, { count });
    return exit;
  },
});

function changeFields(change: EntryChange): Readonly<Record<string, string | undefined>> {
  const before = "before" in change ? change.before : undefined;
  const after = "after" in change ? change.after : undefined;
  const path = (after ?? before)?.path;
  const from = change.change === "moved" ? before?.path : undefined;
  return { change: change.change, path, from, hashBefore: before?.hash, hashAfter: after?.hash };
}

function changeText(change: EntryChange): string {
  switch (change.change) {
    case "added":
      return `+ ${displayName(change.after.path)}`;
    case "removed":
      return `- ${displayName(change.before.path)}`;
    case "changed":
      return `M ${displayName(change.after.path)}`;
    case "metadata":
      return `m ${displayName(change.after.path)}`;
    case "moved":
      return `R ${displayName(change.before.path)} -> ${displayName(change.after.path)}`;
  }
}
