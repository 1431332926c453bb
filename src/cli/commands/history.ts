import { readHistory, type HistoryLine } from "../../app/history.ts";
import { displayName } from "../../core/path/names.ts";
import { SnapError } from "../../std/error.ts";
import { defineCommand, type AnyCommand } from "../context.ts";
import { formatTime, plural } from "../format.ts";

const limitDefault = 50;
const limitMax = 1_000_000;

/** `snap history`: what was done, newest first. */
export const historyCommand: AnyCommand = defineCommand({
  command: "history [path]",
  describe: "Show what was done, newest first; of one file or folder, or of all",
  builder: (parser) =>
    parser
      .positional("path", {
        type: "string",
        describe: "A file, or a folder with all that is in it",
      })
      .option("limit", {
        type: "string",
        requiresArg: true,
        default: String(limitDefault),
        describe: "At most so many lines",
      })
      .epilogue("Lines are kept for 90 days. Asks no server, and waits for no other process.")
      .example("snap history notes/a.txt", "what was done to one file"),
  run: async ({ environment, output, place }, words) => {
    const limit = parseLimit(words.limit);
    const lines = readHistory(environment, { place, named: words.path, limit });
    for (const line of lines) {
      output.emit("history", { ...line });
      output.print(lineText(line));
    }
    if (lines.length === 0) output.say("Nothing was done yet.");
    else if (lines.length === limit) {
      output.say(`The last ${plural(limit, "line")}; --limit shows more.`);
    }
    output.result("history", 0, { lines: lines.length });
    return await Promise.resolve(0 as const);
  },
});

function parseLimit(text: string): number {
  const limit = /^\d{1,7}$/.test(text) ? Number(text) : 0;
  if (limit >= 1 && limit <= limitMax) return limit;
  throw new SnapError("usage", `--limit is "${text}", which is no count`, {
    hint: `Give a number from 1 to ${limitMax}.`,
  });
}

/** What each kind of op did, by the names of the log. */
const words: Readonly<Record<string, string>> = {
  "L.mkdir": "folder made here",
  "L.put": "downloaded",
  "L.move": "moved here",
  "L.trash": "removed here",
  "L.aside": "put aside here",
  "R.mkdir": "folder made there",
  "R.put": "uploaded",
  "R.move": "moved there",
  "R.delete": "removed there",
  "R.deleteDir": "removed there",
  "S.adopt": "found equal",
  "S.forget": "forgotten",
  "S.rebind": "recognised",
  "ASK.hash": "read",
  check: "checked",
  "guard.override": "override taken",
  "guard.revoke": "override revoked",
};

const wordWidth = 17;

function lineText({ at, op, path, from, after, outcome }: HistoryLine): string {
  const does = (words[op] ?? op).padEnd(wordWidth);
  const was = from === undefined ? "" : ` (was ${displayName(from)})`;
  const how = op === "check" ? `: ${outcome}, ${displayName(after)}` : outcomeText(outcome);
  return `${formatTime(at)}  ${does}  ${displayName(path)}${was}${how}`;
}

function outcomeText(outcome: string): string {
  return outcome === "done" ? "" : `: ${displayName(outcome)}`;
}
