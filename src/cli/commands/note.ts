import { noteSnapshot, pinEnd } from "../../app/keeping.ts";
import { displayName } from "../../core/path/names.ts";
import type { NoteChange, NotedRoot } from "../../core/snapshot/note.ts";
import type { ExitCode } from "../../std/error.ts";
import { SnapError } from "../../std/error.ts";
import { defineCommand, type AnyCommand, type CliContext } from "../context.ts";
import { formatTime } from "../format.ts";
import { everyWorkspace, snapshotToNote, waitOf, writerWords } from "../keep-words.ts";

/** `snap tag`: words to find a snapshot by. */
export const tagCommand: AnyCommand = defineCommand({
  command: "tag <snapshot> [tags..]",
  describe: "Give a snapshot tags, or take them away",
  repeatable: ["tags", "remove"],
  builder: (parser) =>
    writerWords(parser)
      .positional("snapshot", snapshotToNote)
      .positional("tags", {
        type: "string",
        array: true,
        default: [],
        describe: "Words to find it by",
      })
      .option("remove", {
        type: "string",
        array: true,
        requiresArg: true,
        default: [],
        describe: "A tag to take away; may be repeated",
      })
      .option("all-workspaces", everyWorkspace),
  run: async (context, words) => {
    if (words.tags.length + words.remove.length === 0) {
      throw new SnapError("usage", "Name a tag to give, or one to --remove", {
        hint: "snap tag latest paper-v1",
      });
    }
    const change = { addTags: words.tags, removeTags: words.remove };
    return await note(context, { command: "tag", change, words });
  },
});

/** `snap label`: a name for a snapshot. */
export const labelCommand: AnyCommand = defineCommand({
  command: "label <snapshot> [text]",
  describe: "Give a snapshot a name, or take it away",
  builder: (parser) =>
    writerWords(parser)
      .positional("snapshot", snapshotToNote)
      .positional("text", { type: "string", describe: "The name; without it none is left" })
      .option("all-workspaces", everyWorkspace),
  run: async (context, words) =>
    await note(context, { command: "label", change: { label: words.text ?? null }, words }),
});

/** `snap pin`: keep a snapshot, whatever a policy says. */
export const pinCommand: AnyCommand = defineCommand({
  command: "pin <snapshot>",
  describe: "Keep a snapshot from being forgotten",
  builder: (parser) =>
    writerWords(parser)
      .positional("snapshot", snapshotToNote)
      .option("until", {
        type: "string",
        requiresArg: true,
        describe: "The last day, like 2027-01-31; for ever if not said",
      })
      .option("remove", { type: "boolean", default: false, describe: "Take the pin away" })
      .option("all-workspaces", everyWorkspace),
  run: async (context, words) =>
    await note(context, { command: "pin", change: { pin: pinOf(context, words) }, words }),
});

function pinOf(
  { environment }: CliContext,
  { until, remove }: { readonly until: string | undefined; readonly remove: boolean },
): NonNullable<NoteChange["pin"]> | null {
  if (remove && until !== undefined) {
    throw new SnapError("usage", "Give --until or --remove, not both", {
      hint: "--remove takes the pin away at once.",
    });
  }
  if (remove) return null;
  return until === undefined ? {} : { until: pinEnd(environment, until) };
}

type NoteWords = {
  readonly snapshot: string;
  readonly wait: string | undefined;
  readonly dryRun: boolean;
  readonly allWorkspaces: boolean;
};

type Noting = {
  readonly command: string;
  readonly change: NoteChange;
  readonly words: NoteWords;
};

async function note(
  { environment, output, place }: CliContext,
  { command, change, words }: Noting,
): Promise<ExitCode> {
  const { snapshot: reference, dryRun, allWorkspaces: all } = words;
  const request = { place, reference, change, dryRun, all, wait: waitOf(words) };
  const root = await noteSnapshot(environment, request);
  output.say(`Snapshot ${root.id.slice(0, 8)}: ${noteText(root)}.`);
  if (dryRun) output.say("Nothing was changed.");
  const { id, label, tags, pin } = root;
  output.result(command, 0, { dryRun, id, label, tags, pin });
  return 0;
}

function noteText({ label, tags, pin }: NotedRoot): string {
  const name = label === undefined ? "no label" : `label ${displayName(label)}`;
  const words = tags.length === 0 ? "no tags" : `tags ${tags.map(displayName).join(", ")}`;
  if (pin === undefined) return `${name}, ${words}, not pinned`;
  const end = pin.until === undefined ? "for ever" : `until ${formatTime(pin.until)}`;
  return `${name}, ${words}, pinned ${end}`;
}
