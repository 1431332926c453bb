import { spawnSync } from "node:child_process";
import { mkdtempSync, rmdirSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import type { Box } from "../support/snap-process.ts";

/** Run a program of the machine. @returns what it prints */
export function run(
  program: string,
  words: readonly string[],
  input: Uint8Array | string = "",
): string {
  const { status, stdout, stderr } = spawnSync(program, words, { encoding: "utf8", input });
  if (status === 0) return stdout;
  throw new Error(`${program} ${words.join(" ")}: ${stderr}`);
}

/** Set one attribute of a file, folder or link. */
export function setAttribute(place: string, name: string, text: string): void {
  run("setfattr", ["-h", "-n", name, "-v", text, place]);
}

/** All of a place, as the program prints them. */
export function attributesOf(place: string): string {
  return run("getfattr", ["-h", "-d", "-m", "-", "--absolute-names", place])
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("# file"))
    .join("\n");
}

/** The disk of the temporary files may know no attributes; that of a machine that tests this does. */
export const knowsAttributes: boolean = ((): boolean => {
  const folder = mkdtempSync(path.join(os.tmpdir(), "snap-xattr-"));
  try {
    setAttribute(folder, "user.a", "1");
    return true;
  } catch {
    return false;
  } finally {
    rmdirSync(folder);
  }
})();

/** Whether the tests may give files away, and set what only root can. */
export const isRoot: boolean = process.getuid?.() === 0;

/** Take a snapshot. @returns its id */
export async function captured(box: Box, ...words: readonly string[]): Promise<string> {
  const { events } = await box.expectExit(0, "capture", "--json", ...words);
  return String(events.at(-1)?.["id"]);
}

/** A workspace with a file that has one attribute, and its snapshot. */
export async function withOneAttribute(
  box: Box,
): Promise<{ readonly id: string; readonly at: string }> {
  box.write("a", "one");
  const at = path.join(box.workspace, "a");
  setAttribute(at, "user.a", "1");
  return { at, id: await captured(box, "--xattrs") };
}
