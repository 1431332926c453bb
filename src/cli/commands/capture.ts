import { captureWorkspace } from "../../app/capture.ts";
import { defineCommand, type AnyCommand } from "../context.ts";
import { displayName } from "../../core/path/names.ts";
import { formatSize, plural } from "../format.ts";
import { repositoriesText } from "../units.ts";

/** `snap capture`: take a snapshot. */
export const captureCommand: AnyCommand = defineCommand({
  command: "capture",
  describe: "Take a snapshot of the workspace",
  builder: (parser) =>
    parser
      .option("label", { type: "string", requiresArg: true, describe: "A name for the snapshot" })
      .option("tag", {
        type: "string",
        array: true,
        requiresArg: true,
        default: [],
        describe: "A word to find it by; may be repeated",
      })
      .option("force", {
        type: "boolean",
        default: false,
        describe: "Make one even if nothing changed",
      })
      .option("dry-run", {
        alias: "n",
        type: "boolean",
        default: false,
        describe: "Show what would be captured",
      })
      .epilogue(
        "Ignored files are left out. A Git or Mercurial repository is captured whole, with its history. If nothing changed since the last snapshot, its id is printed. Exit code 4: something could not be read, or changed while it was read; it is listed. Exit code 5: a repository may not be whole in the snapshot, which was made all the same.",
      ),
  run: async ({ environment, output, place, work }, words) => {
    const options = {
      place,
      tags: words.tag,
      force: words.force,
      dryRun: words.dryRun,
      ...(words.label === undefined ? {} : { label: words.label }),
    };
    const outcome = await captureWorkspace(environment, options, work);
    if (outcome.preview !== undefined) {
      const { files, bytes, repositories } = outcome.preview;
      const units = repositories === 0 ? "" : ` and ${repositoriesText(repositories)}`;
      output.say(
        `${plural(files, "file")}, ${formatSize(bytes)}${units} would be captured. Nothing was changed.`,
      );
      output.result("capture", 0, { dryRun: true, files, bytes, repositories });
      return 0;
    }
    const { root, created, torn } = outcome;
    for (const item of root.left.items) {
      output.emit("left", item);
      output.say(`  left aside  ${displayName(item.path)}: ${displayName(item.reason)}`);
    }
    for (const unit of torn) {
      output.emit("torn", { path: unit.id, reasons: unit.reasons });
      output.warn(
        `The repository "${displayName(unit.id)}" may not be whole in the snapshot: ${unit.reasons.map(displayName).join("; ")}`,
      );
    }
    const facts = `${plural(root.counts.files, "file")}, ${formatSize(root.counts.bytes)}, ${formatSize(root.stored)} new`;
    output.say(
      created
        ? `Snapshot ${root.id.slice(0, 8)}: ${facts}.`
        : `Nothing changed since snapshot ${root.id.slice(0, 8)}.`,
    );
    const exit = torn.length > 0 ? 5 : outcome.isPartial ? 4 : 0;
    output.result("capture", exit, {
      id: root.id,
      created,
      counts: root.counts,
      stored: root.stored,
      left: root.left.count,
      repositories: root.git?.length,
      torn: torn.length,
      completeness: root.completeness,
    });
    return exit;
  },
});
