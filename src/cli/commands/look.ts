import { fileContent } from "../../app/cat.ts";
import { entriesOf } from "../../app/look.ts";
import type { NotedRoot } from "../../core/snapshot/note.ts";
import { SnapError } from "../../std/error.ts";
import { defineCommand, type AnyCommand, type CliContext } from "../context.ts";
import { entryFields, entryFormat, entryText, formatNames } from "../entry-text.ts";
import { expiresOf, thinText } from "../thin-text.ts";
import { allWorkspaces, snapshotWord } from "../snapshot-words.ts";

/** `snap ls`: the entries of a snapshot. */
export const lsCommand: AnyCommand = defineCommand({
  command: "ls <snapshot> [path]",
  describe: "List the files and folders in a snapshot",
  builder: (parser) =>
    snapshotWord(parser)
      .positional("path", { type: "string", describe: "Only what is in this folder" })
      .option("recursive", {
        alias: "R",
        type: "boolean",
        default: false,
        describe: "And all below",
      })
      .option("format", {
        type: "string",
        requiresArg: true,
        describe: `How each is written, with ${formatNames}`,
      })
      .option("all-workspaces", allWorkspaces)
      .example('snap ls latest -R --format "{hash} {path}"', "content hashes of everything"),
  run: async ({ environment, output, place, work }, words) => {
    const { snapshot: reference, path, recursive, allWorkspaces: all, format } = words;
    const write = format === undefined ? undefined : entryFormat(format);
    let count = 0;
    let thin = 0;
    let root: NotedRoot | undefined;
    const onRoot = (found: NotedRoot): void => {
      root = found;
    };
    const request = { place, reference, path, recursive, all, onRoot };
    for await (const entry of entriesOf(environment, request)) {
      count += 1;
      if (entry.flags.includes("thin")) thin += 1;
      output.emit("entry", entryFields(entry));
      if (write === undefined) output.print(entryText(entry));
      else if (!output.json) await output.raw(write(entry), work.signal);
      await output.flushed(work.signal);
    }
    if (thin > 0 && root !== undefined) output.note(thinText(root, thin));
    output.result("ls", 0, { count, thin, expires: root && expiresOf(root) });
    return 0;
  },
});

/** `snap cat`: one file of a snapshot. */
export const catCommand: AnyCommand = defineCommand({
  command: "cat <snapshot> <path>",
  describe: "Print a file of a snapshot",
  builder: (parser) =>
    snapshotWord(parser)
      .positional("path", { type: "string", demandOption: true, describe: "A file in it" })
      .option("all-workspaces", allWorkspaces)
      .example("snap cat @yesterday notes/a.txt > a.txt", "one file as it was")
      .epilogue(
        "Every piece is checked before it is printed. With --json the content comes in pieces, each in base64. Exit code 4: the content is not in the store, and where it is; 5: it is damaged.",
      ),
  run: async ({ environment, output, place, work }, words) => {
    const { snapshot: reference, path, allWorkspaces: all } = words;
    const { entry, pieces } = await fileContent(environment, { place, reference, path, all });
    let bytes = 0;
    for await (const piece of pieces) {
      if (!(await printPiece({ output, work }, { offset: bytes, piece }))) return 0;
      bytes += piece.length;
    }
    if (bytes !== entry.size) {
      throw new SnapError("damaged", `"${entry.path}" has ${bytes} bytes, not ${entry.size ?? 0}`);
    }
    output.result("cat", 0, { path: entry.path, bytes, hash: entry.hash });
    return 0;
  },
});

/** False when nobody reads any more: `snap cat … | head` ends then. */
async function printPiece(
  { output, work }: Pick<CliContext, "output" | "work">,
  { offset, piece }: { readonly offset: number; readonly piece: Uint8Array },
): Promise<boolean> {
  if (!output.json) return await output.raw(piece, work.signal);
  output.emit("content", { offset, base64: Buffer.from(piece).toString("base64") });
  await output.flushed(work.signal);
  return true;
}
