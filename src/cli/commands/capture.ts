import { captureWorkspace } from "../../app/capture.ts";
import { defineCommand, type AnyCommand } from "../context.ts";
import { displayName } from "../../core/path/names.ts";
import { formatSize, plural } from "../format.ts";

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
        "Ignored files and the history of repositories are left out. If nothing changed since the last snapshot, its id is printed. Exit code 4: something could not be read, or changed while it was read; it is listed.",
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
      const { files, bytes } = outcome.preview;
      output.say(
        `${plural(files, "file")}, ${formatSize(bytes)} would be captured. Nothing was changed.`,
      );
      output.result("capture", 0, { dryRun: true, files, bytes });
      return 0;
    }
    const { root, created } = outcome;
    const torn = root.left.items;
    for (const item of torn) {
      output.emit("left", item);
      output.say(`  left aside  ${displayName(item.path)}: ${displayName(item.reason)}`);
    }
    const facts = `${plural(root.counts.files, "file")}, ${formatSize(root.counts.bytes)}, ${formatSize(root.stored)} new`;
    output.say(
      created
        ? `Snapshot ${root.id.slice(0, 8)}: ${facts}.`
        : `Nothing changed since snapshot ${root.id.slice(0, 8)}.`,
    );
    const exit = outcome.isPartial ? 4 : 0;
    output.result("capture", exit, {
      id: root.id,
      created,
      counts: root.counts,
      stored: root.stored,
      left: root.left.count,
      completeness: root.completeness,
    });
    return exit;
  },
});
