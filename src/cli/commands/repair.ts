import { repairStore } from "../../app/repair.ts";
import { displayName } from "../../core/path/names.ts";
import type { MissingPiece, RepairReport } from "../../core/snapshot/repair-request.ts";
import { defineCommand, type AnyCommand } from "../context.ts";
import { formatSize, plural } from "../format.ts";
import { waitOf, writerWords } from "../keep-words.ts";

/** Paths of a loss that people are shown; programs get all that are known. */
const pathsShown = 10;

/** `snap repair`: make whole what is damaged in the store. */
export const repairCommand: AnyCommand = defineCommand({
  command: "repair",
  describe: "Make a damaged store whole from what is sound elsewhere",
  builder: (parser) =>
    writerWords(parser).epilogue(
      "Content that is damaged is looked for in other packs, in the files of your workspaces, and in Dropbox and its older revisions; nothing is believed before its hash was checked. It goes into new packs, and the damaged ones wait in the store's trash for the time of the setting store.grace. A damaged pack of which something was found nowhere stays where it is. It may be interrupted at any moment. Exit code 5: something is still missing, and is listed.",
    ),
  run: async ({ environment, output, work }, words) => {
    const { dryRun } = words;
    const report = await repairStore(environment, { dryRun, wait: waitOf(words) }, work);
    for (const piece of report.missing) {
      output.emit("missing", piece);
      output.print(missingText(piece));
    }
    output.say(repairText(report));
    if (dryRun) output.say("Nothing was changed.");
    const exit = report.missing.length === 0 ? 0 : 5;
    output.result("repair", exit, { dryRun, ...report, missing: report.missing.length });
    return exit;
  },
});

function missingText({ what, name, reason, snapshots, paths }: MissingPiece): string {
  const hit = snapshots.map((id) => `\n    hits snapshot ${id.slice(0, 16)}`);
  const shown = paths.slice(0, pathsShown).map((path) => `\n    needed by ${displayName(path)}`);
  const more = paths.length - shown.length;
  const rest = more > 0 ? [`\n    and by ${plural(more, "more path")}`] : [];
  const lines = [...hit, ...shown, ...rest].join("");
  return `missing ${what} ${displayName(name)}: ${displayName(reason)}${lines}`;
}

function repairText(report: RepairReport): string {
  const { sidecars, roots, readme, healed, trashed, kept, missing } = report;
  const lines = [
    sidecars > 0 ? `${plural(sidecars, "pack index")} made again` : "",
    roots.length > 0 ? `${plural(roots.length, "snapshot root")} put right` : "",
    readme ? "README.txt written again" : "",
    healed.packs > 0 ? `${plural(healed.packs, "piece")} saved from damaged packs` : "",
    healed.workspace > 0 ? `${plural(healed.workspace, "block")} found in workspaces` : "",
    healed.dropbox > 0 ? `${plural(healed.dropbox, "block")} found in Dropbox` : "",
    healed.bytes > 0 ? `${formatSize(healed.bytes)} in new packs` : "",
    trashed.length > 0 ? `${plural(trashed.length, "damaged pack")} in the trash` : "",
    kept.length > 0 ? `${plural(kept.length, "damaged pack")} left in place` : "",
    missing.length > 0 ? `${plural(missing.length, "thing")} still missing` : "",
  ].filter((line) => line !== "");
  return lines.length === 0 ? "Nothing to repair." : lines.join("\n");
}
