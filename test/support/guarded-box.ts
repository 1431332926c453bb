import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { git } from "../guard/repositories.ts";
import { Box } from "./snap-process.ts";

/** A repository with one commit of one file, `code.txt`. The folder is made where it is not there. */
export function repository(folder: string): void {
  mkdirSync(folder, { recursive: true });
  git(folder, "init", "-q", "-b", "main");
  writeFileSync(path.join(folder, "code.txt"), "code");
  git(folder, "add", ".");
  git(folder, "commit", "-q", "-m", "first");
}

/** A box with an account on this machine, and nothing linked. */
export async function loggedIn(): Promise<Box> {
  const box = new Box();
  await box.expectExit(0, "login", "--local");
  return box;
}
