import { lastLines, newLines } from "../../daemon/read-log.ts";
import { logPath } from "../../daemon/log-file.ts";
import { SnapError } from "../../std/error.ts";
import { defineCommand, type AnyCommand } from "../context.ts";

const linesDefault = 50;

/** `snap log`: what the daemon says. */
export const logCommand: AnyCommand = defineCommand({
  command: "log",
  describe: "Show the log of the background sync",
  builder: (parser) =>
    parser
      .option("lines", {
        alias: "n",
        type: "string",
        requiresArg: true,
        default: String(linesDefault),
        describe: "At most so many lines",
      })
      .option("follow", {
        alias: "f",
        type: "boolean",
        default: false,
        describe: "Go on with every line that is written; Ctrl-C ends it",
      })
      .epilogue("Tokens, codes and links are never in it; names of files are."),
  run: async ({ environment, output, work }, words) => {
    const folder = environment.locations.log;
    const lines = lastLines(folder, parseLines(words.lines));
    const show = (line: string): void => {
      output.emit("log", { line });
      output.print(line);
    };
    lines.forEach(show);
    if (words.follow) {
      const { clock } = environment;
      for await (const line of newLines(folder, { clock, signal: work.signal })) show(line);
    } else if (lines.length === 0) output.say("Nothing was logged yet.");
    output.result("log", 0, { file: logPath(folder) });
    return 0;
  },
});

function parseLines(text: string): number {
  if (/^\d{1,7}$/u.test(text)) return Number(text);
  throw new SnapError("usage", `--lines is "${text}", which is no number`, {
    hint: "Write a whole number: --lines 100.",
  });
}
