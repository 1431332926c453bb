import {
  addExclusions,
  listExclusions,
  removeExclusions,
  type ExclusionChange,
  type ExclusionWords,
} from "../../app/exclude.ts";
import { displayName } from "../../core/path/names.ts";
import { SnapError, type ExitCode } from "../../std/error.ts";
import { defineCommand, type AnyCommand, type CliContext } from "../context.ts";
import { tellSaved } from "../saved-text.ts";

/** `snap exclude`: folders that stay in Dropbox and do not come to this disk. */
export const excludeCommand: AnyCommand = defineCommand({
  command: "exclude <action> [paths..]",
  describe: "Choose the folders that stay in Dropbox and do not come to this disk",
  builder: (parser) =>
    parser
      .positional("action", {
        choices: ["list", "add", "remove"] as const,
        demandOption: true,
        describe: "show the list · leave folders in Dropbox · bring them to this disk again",
      })
      .positional("paths", {
        type: "string",
        array: true,
        describe: "Folders, from the top of the workspace; globs in quotes",
      })
      .option("dry-run", {
        alias: "n",
        type: "boolean",
        default: false,
        describe: "Show what would be changed",
      })
      .epilogue(
        "The next `snap sync` does it: an excluded folder goes from this disk to the trash, files that were never synced stay where they are and are named. Nothing is deleted in Dropbox. What this disk has of the folder is saved as a snapshot first, which stays for 30 days; exit code 3 when that fails.",
      ),
  run: async (context, words) => {
    const paths = words.paths ?? [];
    if (words.action === "list") return list(context, paths);
    if (paths.length === 0) {
      throw new SnapError("usage", "Name at least one folder", {
        hint: `snap exclude ${words.action} FOLDER`,
      });
    }
    const { environment, place } = context;
    const request = { place, paths, dryRun: words.dryRun };
    const change =
      words.action === "add"
        ? await added(context, request)
        : removeExclusions(environment, request);
    return tell(context, change, { action: words.action, dryRun: words.dryRun });
  },
});

async function added(
  { environment, output, work }: CliContext,
  request: ExclusionWords,
): Promise<ExclusionChange> {
  const change = await addExclusions(environment, request, work);
  tellSaved(output, change.saved);
  return change;
}

function list({ environment, output, place }: CliContext, paths: readonly string[]): ExitCode {
  if (paths.length > 0) {
    throw new SnapError("usage", "`snap exclude list` takes no path");
  }
  const excluded = listExclusions(environment, place);
  for (const path of excluded) output.emit("excluded", { path });
  output.print(
    excluded.length === 0
      ? "Nothing is excluded: all folders come to this disk."
      : excluded.map((path) => displayName(path)).join("\n"),
  );
  output.result("exclude", 0, { action: "list", count: excluded.length });
  return 0;
}

type Told = { readonly action: "add" | "remove"; readonly dryRun: boolean };

function tell({ output }: CliContext, change: ExclusionChange, told: Told): ExitCode {
  const { action, dryRun } = told;
  const isAdd = action === "add";
  for (const path of change.unchanged) {
    output.say(`${displayName(path)} is ${isAdd ? "excluded already" : "not excluded"}.`);
  }
  for (const path of change.changed) {
    output.emit("exclusion", { action, path, dryRun });
    output.say(
      `${dryRun ? "Would be" : "Is now"} ${isAdd ? "excluded" : "synced"}: ${displayName(path)}`,
    );
  }
  if (dryRun) output.say("Nothing was changed.");
  else if (change.changed.length > 0) {
    output.say(
      isAdd
        ? "The next `snap sync` takes it off this disk; it stays in Dropbox."
        : "The next `snap sync` brings it to this disk.",
    );
  }
  const { changed, unchanged } = change;
  output.result("exclude", 0, { action, dryRun, changed: [...changed], unchanged: [...unchanged] });
  return 0;
}
