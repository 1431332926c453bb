import { checkThin } from "../../app/check-thin.ts";
import { findSnapshot, listSnapshots } from "../../app/look.ts";
import { displayName } from "../../core/path/names.ts";
import type { SnapshotEntry } from "../../core/snapshot/entry.ts";
import { defineCommand, type AnyCommand } from "../context.ts";
import { allWorkspaces, snapshotWord } from "../snapshot-words.ts";
import { listText, rootFields, showText } from "../snapshot-text.ts";
import { statesText } from "../thin-text.ts";

/** `snap list`: the snapshots of a workspace, or of all. */
export const listCommand: AnyCommand = defineCommand({
  command: "list",
  describe: "List snapshots, oldest first",
  builder: (parser) =>
    parser
      .option("all-workspaces", allWorkspaces)
      .option("tag", {
        type: "string",
        array: true,
        requiresArg: true,
        default: [],
        describe: "Only those with this tag; several: with all of them",
      })
      .option("label", {
        type: "string",
        requiresArg: true,
        describe: "Only those with this label",
      })
      .option("reason", {
        type: "string",
        requiresArg: true,
        describe: "Only those taken for this reason: manual, schedule, before-restore, import …",
      })
      .option("side", {
        requiresArg: true,
        choices: ["local", "remote"] as const,
        describe: "Only those of the workspace, or of Dropbox",
      })
      .epilogue(
        "new: what the snapshot added to the store. thin: some content is only in Dropbox, which keeps it until the day shown at least; `snap show SNAPSHOT --check` asks what is there. partial: something could not be read, or may be torn. verified: the level of the last `snap verify` that the snapshot was part of.",
      ),
  run: async ({ environment, output, place }, words) => {
    const { tag: tags, label, reason, side, allWorkspaces: all } = words;
    const request = { place, all, tags, label, reason, side };
    const { snapshots: found, damaged } = await listSnapshots(environment, request);
    for (const { name, reason: why } of damaged)
      output.warn(`Snapshot roots/${name} is damaged (${why}); \`snap verify\` tells more`);
    for (const snapshot of found) output.emit("snapshot", rootFields(snapshot));
    const isFiltered = tags.length > 0 || label !== undefined || reason !== undefined || side;
    const none = isFiltered ? "No snapshot fits." : "No snapshots yet: `snap capture` takes one.";
    output.print(
      found.length === 0 ? none : listText(found, { all, nowMs: environment.clock.now() }),
    );
    output.result("list", 0, { count: found.length });
    return 0;
  },
});

/** `snap show`: one snapshot in words. */
export const showCommand: AnyCommand = defineCommand({
  command: "show <snapshot>",
  describe: "Show one snapshot in words",
  builder: (parser) =>
    snapshotWord(parser)
      .option("all-workspaces", allWorkspaces)
      .option("check", {
        type: "boolean",
        default: false,
        describe: "Ask Dropbox what it still has of a thin snapshot; nothing is downloaded",
      })
      .epilogue("Exit code 4, with --check: some content is nowhere any more; it is listed."),
  run: async ({ environment, output, place, work }, words) => {
    const request = { place, reference: words.snapshot, all: words.allWorkspaces };
    const found = await findSnapshot(environment, request);
    output.emit("snapshot", rootFields(found));
    for (const item of found.root.left.items) output.emit("left", item);
    output.print(showText(found, environment.clock.now()));
    const { id } = found.root;
    if (!words.check) {
      output.result("show", 0, { id });
      return 0;
    }
    const onGone = ({ path, remote }: SnapshotEntry): void => {
      output.emit("gone", { path, remote });
      output.print(`  gone  ${displayName(path)}`);
    };
    const states = await checkThin(environment, { ...request, reference: id, onGone }, work);
    for (const line of statesText(states)) output.print(`  ${line}`);
    const exit = states.gone === 0 ? 0 : 4;
    output.result("show", exit, { id, check: states });
    return exit;
  },
});
