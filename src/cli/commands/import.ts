import { addAbortSignal } from "node:stream";
import { importArchive, type ImportOutcome } from "../../app/import.ts";
import { displayName } from "../../core/path/names.ts";
import { tornUnits } from "../../core/snapshot/unit.ts";
import { defineCommand, type AnyCommand, type CliContext } from "../context.ts";
import { formatSize, plural } from "../format.ts";
import { waitOf, writerWords } from "../keep-words.ts";
import { namingOptions } from "../snapshot-words.ts";
import { repositoriesText, warnOfTorn } from "../units.ts";

/** `snap import`: an archive as a snapshot. */
export const importCommand: AnyCommand = defineCommand({
  command: "import <file>",
  describe: "Read a tar archive into a snapshot",
  builder: (parser) =>
    writerWords(namingOptions(parser))
      .positional("file", {
        type: "string",
        demandOption: true,
        describe: "A .tar, .tar.gz or .tar.zst, by snap or any other program; - for standard input",
      })
      .option("base", {
        type: "string",
        requiresArg: true,
        describe: "For an archive of changes: the snapshot that it goes on from",
      })
      .example("ssh other snap export latest - | snap import -", "a snapshot of another machine")
      .epilogue(
        "Nothing is written to the workspace: `snap restore` does that, and `latest` never means an imported snapshot. Absolute names, .. and names of snap's own, entries below a link, links that lead out and sparse files are refused and listed; devices are listed. Exit code 4: something was refused.",
      ),
  run: async ({ environment, output, place, work }, words) => {
    const { label, tag: tags, base, dryRun } = words;
    // Ctrl-C also ends the wait for a program that writes nothing.
    const from = words.file === "-" ? addAbortSignal(work.signal, process.stdin) : words.file;
    const request = { place, from, label, tags, base, dryRun, wait: waitOf(words) };
    return tell(output, await importArchive(environment, request, work));
  },
});

function tell(output: CliContext["output"], outcome: ImportOutcome): 0 | 4 {
  const { counts, left } = outcome.preview ?? {
    counts: outcome.root.counts,
    left: outcome.root.left.items,
  };
  for (const item of left) {
    output.emit("left", item);
    output.say(`  left aside  ${displayName(item.path)}: ${displayName(item.reason)}`);
  }
  const holds = `${plural(counts.files, "file")}, ${plural(counts.folders, "folder")}, ${formatSize(counts.bytes)}`;
  if (outcome.preview !== undefined) {
    output.say(`${holds} would be imported. Nothing was changed.`);
    const exit = left.length === 0 ? 0 : 4;
    output.result("import", exit, { dryRun: true, counts, left: left.length });
    return exit;
  }
  const { root } = outcome;
  const more = root.left.count - left.length;
  if (more > 0) output.say(`  … and ${more} more`);
  const { git: units = [] } = root;
  warnOfTorn(output, tornUnits(units));
  const also = units.length === 0 ? "" : `, ${repositoriesText(units.length)}`;
  output.say(`Snapshot ${root.id.slice(0, 8)}: ${holds}${also}, ${formatSize(root.stored)} new.`);
  const exit = root.left.count === 0 && root.completeness !== "partial" ? 0 : 4;
  const { id, stored, completeness } = root;
  const repositories = root.git?.length;
  const made = { id, counts, stored, completeness, repositories };
  output.result("import", exit, { ...made, left: root.left.count });
  return exit;
}
