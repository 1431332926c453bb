import { existsSync } from "node:fs";
import { lookAtIndex, type OpenIndex } from "../state/database.ts";
import { workspaceFiles } from "../state/locations.ts";
import { SnapError } from "../std/error.ts";
import type { Environment } from "./environment.ts";
import type { LinkedRecord } from "./find-workspace.ts";

/**
 * The index of a linked workspace for who only looks, while another process may work with it; the caller disposes of it. Undefined
 * where it waits for an upgrade.
 *
 * @throws {SnapError} `damaged` also where it is missing: what waited in it is not known any more (S77)
 */
export function lookAtIndexOf(
  { locations }: Environment,
  record: LinkedRecord,
): OpenIndex | undefined {
  const { index } = workspaceFiles(locations, record.id);
  if (existsSync(index)) return lookAtIndex(index);
  throw new SnapError("damaged", `The index of "${record.path}" is missing`, {
    path: record.path,
    hint: "`snap sync` makes it again; equal files are adopted.",
  });
}
