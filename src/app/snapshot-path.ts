import { SnapError } from "../std/error.ts";

/**
 * A path in a snapshot as a person writes it: `./notes/` is `notes`, `.` is the top ("").
 *
 * @throws {SnapError} `usage` for an empty word: an unset variable of a script must not mean everything
 */
export function snapshotPath(named: string): string {
  if (named === "") {
    throw new SnapError("usage", "A path is empty", {
      hint: "Leave it out to mean everything, or name a file or folder in the snapshot.",
    });
  }
  const path = named.replace(/^(\.\/+)+/, "").replace(/\/+$/, "");
  return path === "." ? "" : path;
}
