import { moveSnapshotStore } from "../../app/move-store.ts";
import { storeFolder } from "../../app/store.ts";
import { displayName } from "../../core/path/names.ts";
import type { ExitCode } from "../../std/error.ts";
import { defineCommand, type AnyCommand, type CliContext } from "../context.ts";
import { formatSize, plural } from "../format.ts";
import { waitOf, writerWords } from "../keep-words.ts";

const pathCommand: AnyCommand = defineCommand({
  command: "path",
  describe: "Print where the store is, or will be",
  builder: (parser) => parser,
  run: showPath,
});

async function showPath({ environment, output }: CliContext): Promise<ExitCode> {
  const folder = storeFolder(environment);
  output.print(displayName(folder));
  output.result("store path", 0, { path: folder });
  return await Promise.resolve(0);
}

const moveCommand: AnyCommand = defineCommand({
  command: "move <folder>",
  describe: "Move the store to another folder",
  builder: (parser) =>
    writerWords(parser)
      .positional("folder", {
        type: "string",
        demandOption: true,
        describe: "An empty folder, or one that is not there yet",
      })
      .epilogue(
        "The store is copied, every byte compared, and only then the setting store.path names the new place. The old folder stays, and takes no more snapshots: remove it when you have looked at the new one. Interrupted at any moment, the same command goes on.",
      ),
  run: async ({ environment, output, work }, words) => {
    const { folder, dryRun } = words;
    const request = { folder, dryRun, wait: waitOf(words) };
    const { from, to, files, bytes } = await moveSnapshotStore(environment, request, work);
    const what = `${plural(files, "file")}, ${formatSize(bytes)}`;
    output.say(
      dryRun
        ? `${what} would be copied to ${displayName(to)}. Nothing was changed.`
        : `The store is in ${displayName(to)} now: ${what}. ${displayName(from)} is as it was, and can be removed.`,
    );
    output.result("store move", 0, { dryRun, from, to, files, bytes });
    return 0;
  },
});

/** `snap store`: where the snapshot store is. */
export const storeCommand: AnyCommand = defineCommand({
  command: "store",
  describe: "Show where the snapshot store is, or move it",
  builder: (parser) => parser,
  subcommands: [pathCommand, moveCommand],
  run: showPath,
});
