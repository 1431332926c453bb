import { realpathSync } from "node:fs";
import { SnapError } from "../std/error.ts";

/** The file that this program was started by, absolute and without links. */
export function launcherPath(): string {
  const [, launcher] = process.argv;
  if (launcher !== undefined) return realpathSync(launcher);
  throw new SnapError("unexpected", "The program does not know where it is");
}
