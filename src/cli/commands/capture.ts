import { captureWorkspace, type CaptureOutcome } from "../../app/capture.ts";
import { defineCommand, type AnyCommand, type CliContext } from "../context.ts";
import { displayName } from "../../core/path/names.ts";
import { formatSize, plural } from "../format.ts";
import { parseMs } from "../quantities.ts";
import { namingOptions } from "../snapshot-words.ts";
import { runRemoteCapture } from "../remote-capture.ts";
import { adviseOnTorn, repositoriesText, warnOfTorn } from "../units.ts";

/** `snap capture`: take a snapshot. */
export const captureCommand: AnyCommand = defineCommand({
  command: "capture",
  describe: "Take a snapshot of the workspace",
  builder: (parser) =>
    namingOptions(parser)
      .option("paths", {
        type: "string",
        array: true,
        requiresArg: true,
        default: [],
        describe: "Only these files and folders",
      })
      .option("ignored", {
        type: "boolean",
        default: false,
        describe: "Take ignored files too; only `snap restore --ignored` puts them back",
      })
      .option("xattrs", {
        type: "boolean",
        default: false,
        describe: "Take extended attributes and access lists too",
      })
      .option("remote", {
        type: "string",
        describe:
          "What the linked folder holds in Dropbox, or FOLDER of the account without a workspace; by its listing: nothing is downloaded",
      })
      .option("hydrate", {
        type: "boolean",
        default: false,
        describe: "With --remote: and fetch at once what the store lacks",
      })
      .option("force", {
        type: "boolean",
        default: false,
        describe: "Make one even if nothing changed",
      })
      .option("wait-clean", {
        type: "string",
        requiresArg: true,
        describe: "Wait so long until the workspace is up to date, like 5m; else take none",
      })
      .option("dry-run", {
        alias: "n",
        type: "boolean",
        default: false,
        describe: "Tell what would be read and stored",
      })
      .epilogue(
        "Ignored files are left out, unless --ignored is given. With --paths the snapshot says nothing about the rest of the workspace: a restore of it removes nothing elsewhere, and `latest` never means it. Beside the background sync, no file here is written by it until the snapshot is taken; `snap show` tells what was not in sync. With --wait-clean, exit code 3 when it does not get up to date in time. With --xattrs the programs of Debian's package attr must be there. A Git or Mercurial repository is captured whole, with its history. If nothing changed since the last snapshot, its id is printed. Exit code 4: something could not be read, or changed while it was read; it is listed. Exit code 5: a repository may not be whole in the snapshot, which was made all the same: capture it again when nothing is at work in it. With --remote the snapshot is thin: it needs Dropbox until `snap hydrate` has fetched its content.",
      ),
  run: async (context, words) => {
    const { environment, output, place, work } = context;
    const options = {
      place,
      tags: words.tag,
      force: words.force,
      paths: words.paths,
      ignored: words.ignored,
      xattrs: words.xattrs,
      dryRun: words.dryRun,
      ...(words.waitClean === undefined
        ? {}
        : { waitCleanMs: parseMs(words.waitClean, "--wait-clean") }),
      ...(words.label === undefined ? {} : { label: words.label }),
    };
    if (words.remote !== undefined || words.hydrate)
      return await runRemoteCapture(context, options, words);
    const outcome = await captureWorkspace(environment, options, work);
    if (outcome.preview !== undefined) return tellPreview(output, outcome.preview);
    const { root, created, torn } = outcome;
    for (const item of root.left.items) {
      output.emit("left", item);
      output.say(`  left aside  ${displayName(item.path)}: ${displayName(item.reason)}`);
    }
    warnOfTorn(output, torn);
    const facts = `${plural(root.counts.files, "file")}, ${formatSize(root.counts.bytes)}, ${formatSize(root.stored)} new`;
    output.say(
      created
        ? `Snapshot ${root.id.slice(0, 8)}: ${facts}.`
        : `Nothing changed since snapshot ${root.id.slice(0, 8)}.`,
    );
    adviseOnTorn(output, torn);
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

function tellPreview(output: CliContext["output"], preview: CapturePreview): 0 {
  const { holds, repositories, base, left, ...parts } = preview;
  const units = repositories === 0 ? "" : ` and ${repositoriesText(repositories)}`;
  output.say(`The snapshot would hold ${amountText(holds)}${units}.`);
  if (base === undefined) output.say("There is no earlier one to go on from.");
  else {
    output.say(`Compared with snapshot ${base.id.slice(0, 8)}:`);
    output.say(`  new      ${amountText(parts.added)}`);
    output.say(`  changed  ${amountText(parts.changed)}`);
    output.say(`  gone     ${amountText(parts.gone)}`);
  }
  output.say(`${amountText(parts.read)} would be read. Nothing was changed.`);
  const { files, bytes } = holds;
  const shared = { files, bytes, repositories, left, parent: base?.id };
  output.result("capture", 0, { dryRun: true, ...shared, ...parts });
  return 0;
}

function amountText({ files, bytes }: CapturePreview["holds"]): string {
  return `${plural(files, "file")}, ${formatSize(bytes)}`;
}

type CapturePreview = NonNullable<CaptureOutcome["preview"]>;
