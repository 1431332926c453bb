import { closeSync, constants, fstatSync, openSync, readSync, statSync, watch } from "node:fs";
import { systemCode } from "../std/error.ts";
import type { Clock } from "../std/time.ts";
import { logFilesMax, logPath, logTrouble, numbered } from "./log-file.ts";

const { O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants;

/** Bytes that are read at once. */
const partBytes = 64 * 1024;

/** Longest wait until a file is looked at again that nothing told of, ms. */
const lookMs = 1_000;

/** The last lines of the log, oldest first; fewer where there are no more. */
export function lastLines(folder: string, count: number): readonly string[] {
  let lines: readonly string[] = [];
  for (let number = 0; number < logFilesMax && lines.length < count; number += 1) {
    lines = [...linesOf(textFrom(numbered(logPath(folder), number), 0).text), ...lines];
  }
  return count === 0 ? [] : lines.slice(-count);
}

/** Every line that is written from now on, whichever file it goes to, until the signal fires. */
export async function* newLines(
  folder: string,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): AsyncGenerator<string, void, undefined> {
  const path = logPath(folder);
  using changes = changesIn(folder);
  let at = endOf(path);
  let rest = "";
  while (!signal.aborted) {
    const [text, next] = textBehind(path, at);
    at = next;
    const lines = `${rest}${text}`.split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
    if (text === "") await changes.next(clock, signal);
  }
}

/** A place in the log: a file that may be put aside meanwhile, and bytes of it. */
type Place = { readonly inode: number; readonly offset: number };

function endOf(path: string): Place {
  const stat = statSync(path, { throwIfNoEntry: false });
  return { inode: stat?.ino ?? 0, offset: stat?.size ?? 0 };
}

/** A file that was put aside is read to its end under its new name, then the new one from its beginning. */
function textBehind(path: string, { inode, offset }: Place): readonly [string, Place] {
  const now = statSync(path, { throwIfNoEntry: false });
  if (now === undefined) return ["", { inode, offset }];
  if (now.ino === inode) {
    const { text, bytes } = textFrom(path, offset);
    return [text, { inode, offset: offset + bytes }];
  }
  const aside = numbered(path, 1);
  const isAside = statSync(aside, { throwIfNoEntry: false })?.ino === inode;
  const old = isAside ? textFrom(aside, offset).text : "";
  const { text, bytes } = textFrom(path, 0);
  return [old + text, { inode: now.ino, offset: bytes }];
}

function textFrom(path: string, offset: number): { readonly text: string; readonly bytes: number } {
  try {
    // Nothing that a link leads to, and nothing that lets a reader wait.
    const file = openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    try {
      return readFrom(file, offset);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    if (systemCode(error) === "ENOENT") return { text: "", bytes: 0 };
    throw logTrouble(error, path);
  }
}

function readFrom(file: number, offset: number): { readonly text: string; readonly bytes: number } {
  const parts: Buffer[] = [];
  let at = offset;
  const { size } = fstatSync(file);
  while (at < size) {
    const part = Buffer.alloc(Math.min(partBytes, size - at));
    const bytes = readSync(file, part, 0, part.length, at);
    if (bytes === 0) break;
    parts.push(part.subarray(0, bytes));
    at += bytes;
  }
  return { text: Buffer.concat(parts).toString("utf8"), bytes: at - offset };
}

function linesOf(text: string): readonly string[] {
  return text.split("\n").filter((line) => line !== "");
}

/** Waits until something in a folder has changed. Where that cannot be watched, until it is time for a look. */
function changesIn(folder: string): Disposable & {
  next(clock: Clock, signal: AbortSignal): Promise<void>;
} {
  let wake = (): void => {};
  let hasChanged = false;
  const watcher = watchOrNone(folder, () => {
    hasChanged = true;
    wake();
  });
  return {
    [Symbol.dispose]: () => watcher?.close(),
    next: async (clock, signal) => {
      const woken = new AbortController();
      wake = () => woken.abort();
      if (!hasChanged) {
        await clock.sleep(lookMs, AbortSignal.any([signal, woken.signal])).catch(() => undefined);
      }
      hasChanged = false;
    },
  };
}

function watchOrNone(folder: string, onChange: () => void): { close(): void } | undefined {
  try {
    const watcher = watch(folder, onChange);
    // A watch that fails later is as good as none.
    watcher.on("error", () => {});
    return watcher;
  } catch {
    return undefined;
  }
}
