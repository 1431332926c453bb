import type { Stats } from "node:fs";
import { lstat } from "node:fs/promises";
import { SnapError, systemCode } from "../std/error.ts";

/** What stands at a place, links not followed; undefined where nothing does. @throws {SnapError} `path-missing` where it cannot be told */
export async function lookAt(file: string): Promise<Stats | undefined> {
  try {
    return await lstat(file);
  } catch (error) {
    const code = systemCode(error);
    if (code === "ENOENT") return undefined;
    if (code === undefined) throw error;
    throw new SnapError("path-missing", `"${file}" cannot be looked at: ${code}`, {
      path: file,
      cause: error,
    });
  }
}
