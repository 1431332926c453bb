import type { WorkspaceRecord } from "../state/config.ts";
import { workspaceFiles } from "../state/locations.ts";
import { makePrivateFolder } from "../state/private-file.ts";
import { takeLock } from "../state/process-lock.ts";
import { isSnapError } from "../std/error.ts";
import type { Environment } from "./environment.ts";

/**
 * Hold the lock of a workspace until it is disposed of (S12). Where the daemon holds it, it is borrowed: the daemon ends what it
 * does there, and takes the workspace back when this process gives it back, or ends in any way.
 *
 * @param what is being done, for the message that another process shows
 * @throws {SnapError} `busy` where somebody else holds it
 */
export async function holdWorkspace(
  environment: Environment,
  record: Pick<WorkspaceRecord, "id">,
  what: string,
): Promise<AsyncDisposable> {
  await using stack = new AsyncDisposableStack();
  const { folder, lock } = workspaceFiles(environment.locations, record.id);
  makePrivateFolder(folder);
  const options = { what: `snap ${what}` };
  try {
    stack.use(takeLock(lock, options));
  } catch (error) {
    if (!isSnapError(error, "busy")) throw error;
    const loan = await environment.lender?.borrow(record.id, what);
    if (loan === undefined) throw error;
    stack.use(loan);
    stack.use(takeLock(lock, options));
  }
  return stack.move();
}
