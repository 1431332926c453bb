import type { WorkspaceRecord } from "../state/config.ts";
import { SnapError } from "../std/error.ts";
import { textOfTime } from "../core/quantity.ts";
import type { Environment } from "./environment.ts";
import { isLinked } from "./find-workspace.ts";

/**
 * Wait until the sync of a workspace says 'Up to date' (N34). One that is not linked has nothing to wait for.
 *
 * @throws {SnapError} `refused` where it is not up to date in time, or nobody keeps it in sync
 */
export async function waitUntilClean(
  { lender }: Environment,
  record: WorkspaceRecord,
  waitMs: number,
): Promise<void> {
  if (!isLinked(record)) return;
  const isClean = await lender?.untilClean(record.id, waitMs);
  if (isClean === true) return;
  const [why, hint] =
    isClean === undefined
      ? ([
          "no background sync keeps it so",
          "`snap start` starts it; or run `snap sync` first.",
        ] as const)
      : ([
          `it was not within ${textOfTime(waitMs)}`,
          "`snap status` tells what is in the way.",
        ] as const);
  throw new SnapError(
    "refused",
    `No snapshot was taken: "${record.path}" is to be up to date, and ${why}`,
    {
      path: record.path,
      hint: `${hint} Without --wait-clean the snapshot is taken as things are, and says so.`,
    },
  );
}
