import { realpathSync } from "node:fs";
import type { WorkspaceStatus } from "../app/live-status.ts";
import { runPlace } from "../app/run-place.ts";
import { quickStatus } from "../daemon/quick-status.ts";
import { isSnapError, systemCode, type ExitCode } from "../std/error.ts";
import { escapeText, eventLine } from "./escape.ts";
import { showStatus, type StatusOutput } from "./status-text.ts";

/** Flags that this way understands. */
const flags: readonly string[] = ["--json", "--quiet", "-q", "--no-color", "--verbose"];

/**
 * `snap status` of the current folder beside a daemon, without what is slow to load: the command line, the settings, the index.
 * Every module that this file needs costs a millisecond.
 *
 * @public by the launcher
 * @param words behind `status`
 * @returns undefined where this is not for it: other words, no daemon, no workspace of its own
 */
export async function runFast(words: readonly string[]): Promise<ExitCode | undefined> {
  if (words.some((word) => !flags.includes(word))) return undefined;
  const status = await ask();
  return status === undefined ? undefined : showStatus(plainOutput(words), status, Date.now());
}

async function ask(): Promise<WorkspaceStatus | undefined> {
  try {
    const place = realpathSync(process.cwd());
    const { workspaces = [] } = (await quickStatus(await runPlace(process.env["SNAP_HOME"]))) ?? {};
    const around = workspaces.filter(({ path }) => isAtOrBelow(place, path));
    const [nearest] = around.toSorted((a, b) => b.path.length - a.path.length);
    // What the index has lost is told by the whole program (S77).
    return nearest?.indexLoss === undefined ? nearest : undefined;
  } catch (error) {
    // Whatever is wrong, the whole program says it better.
    if (isSnapError(error) || systemCode(error) !== undefined || error instanceof SyntaxError) {
      return undefined;
    }
    throw error;
  }
}

function isAtOrBelow(place: string, folder: string): boolean {
  return place === folder || place.startsWith(folder === "/" ? folder : `${folder}/`);
}

/** As `Output`, for what a status needs of it. */
function plainOutput(words: readonly string[]): StatusOutput {
  const { stdout } = process;
  // A reader that has gone, as `head` does, is no trouble.
  stdout.on("error", () => {});
  const isJson = words.includes("--json");
  const isQuiet = words.includes("--quiet") || words.includes("-q");
  const print = (text = ""): void => {
    if (!isJson) stdout.write(`${escapeText(text)}\n`);
  };
  const emit: StatusOutput["emit"] = (type, fields) => {
    if (isJson) stdout.write(eventLine(type, fields ?? {}));
  };
  return {
    print,
    say: (text) => {
      if (!isQuiet) print(text);
    },
    emit,
    result: (command, exit, fields) => emit("result", { command, ...fields, exit }),
  };
}
