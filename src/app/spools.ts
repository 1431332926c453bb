import path from "node:path";
import { Spool } from "../state/spool.ts";
import { workspaceFiles } from "../state/locations.ts";
import type { WorkspaceRecord } from "../state/config.ts";
import type { MakeSpool } from "../std/line-sorter.ts";
import { randomHex } from "../std/random.ts";
import type { Environment } from "./environment.ts";

/** Room on the disk for what is sorted: files without a name in the folder of a workspace, which nobody else looks at. */
export function spoolsOf(
  { locations, rng }: Environment,
  record: Pick<WorkspaceRecord, "id">,
): MakeSpool {
  const { folder } = workspaceFiles(locations, record.id);
  return () => new Spool(path.join(folder, `sort-${randomHex(rng, 8)}`));
}

/** The same in the home of the program, for what belongs to no workspace. */
export function spoolsAtHome({ locations, rng }: Environment): MakeSpool {
  return () => new Spool(path.join(locations.home, `sort-${randomHex(rng, 8)}`));
}
