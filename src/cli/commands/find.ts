import { findVersions } from "../../app/find-versions.ts";
import { displayName } from "../../core/path/names.ts";
import type { FoundVersion } from "../../core/snapshot/versions.ts";
import type { SnapshotRoot } from "../../core/snapshot/root.ts";
import { defineCommand, type AnyCommand } from "../context.ts";
import { entryFields } from "../entry-text.ts";
import { formatSize, formatTime, plural } from "../format.ts";
import { allWorkspaces } from "../snapshot-words.ts";

/** `snap find`: in which snapshots something is. */
export const findCommand: AnyCommand = defineCommand({
  command: "find <pattern>",
  describe: "Find files in all snapshots, and from when to when each version is there",
  builder: (parser) =>
    parser
      .positional("pattern", {
        type: "string",
        demandOption: true,
        describe: "A name or path, or 64 digits of a content or block hash",
      })
      .option("ignore-case", {
        alias: "i",
        type: "boolean",
        default: false,
        describe: "Capital and small letters are alike",
      })
      .option("all-workspaces", allWorkspaces)
      .example('snap find "report*.docx"', "any version of these, in any folder")
      .example('snap find "notes/**/*.md"', "paths below notes")
      .epilogue(
        "* and ? stay in one name, ** spans folders; a pattern with a slash is held against the whole path. Exit code 5: a snapshot could not be read to the end.",
      ),
  run: async ({ environment, output, place, work }, words) => {
    const { pattern: text, ignoreCase, allWorkspaces: all } = words;
    const request = { place, all, text, ignoreCase };
    const { versions, unread } = await findVersions(environment, request, work);
    let before: string | undefined;
    for (const version of versions) {
      output.emit("version", versionFields(version));
      const { path } = version.entry;
      if (path !== before) output.print(displayName(path));
      output.print(versionText(version));
      before = path;
      await output.flushed(work.signal);
    }
    for (const { name, reason } of unread) {
      output.warn(`Snapshot ${name} could not be read to the end: ${reason}`);
    }
    if (versions.length === 0) output.say("Nothing was found.");
    const exit = unread.length === 0 ? 0 : 5;
    output.result("find", exit, { count: versions.length, unread: unread.length });
    return exit;
  },
});

function versionFields({ entry, roots }: FoundVersion) {
  const workspace = roots[0]?.workspace;
  return {
    ...entryFields(entry),
    workspace: workspace && { id: workspace.id, path: workspace.path },
    side: roots[0]?.side,
    first: momentOf(roots[0]),
    last: momentOf(roots.at(-1)),
    snapshots: roots.map(({ id }) => id),
  };
}

function momentOf(root: SnapshotRoot | undefined) {
  return root && { id: root.id, time: root.time };
}

function versionText({ entry, roots }: FoundVersion): string {
  const [first, last] = [roots[0], roots.at(-1)];
  if (first === undefined || last === undefined) return "";
  const from = formatTime(first.time);
  const span = first === last ? from : `${from} – ${formatTime(last.time)}`;
  const ids = first === last ? [first] : [first, last];
  const held = `${plural(roots.length, "snapshot")} (${ids.map(({ id }) => id.slice(0, 8)).join(" … ")})`;
  const side = first.side === "remote" ? ", of Dropbox" : "";
  return `  ${span}  ${contentText(entry)}  ${held}${side}`;
}

function contentText({ type, size, hash, linkTarget }: FoundVersion["entry"]): string {
  switch (type) {
    case "file":
      return `${formatSize(size ?? 0)} ${hash?.slice(0, 12) ?? "content unknown"}`;
    case "folder":
      return "folder";
    case "symlink":
      return `-> ${displayName(linkTarget ?? "")}`;
    case "other":
      return "neither file, folder nor link";
  }
}
