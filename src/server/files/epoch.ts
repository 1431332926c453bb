import { integer } from "../store/rows.ts";
import type { Database } from "../store/database.ts";
import type { Waiters } from "../tree/waiters.ts";

/**
 * The epoch that the cursors of an account belong to (V31): one of another epoch is over. It names the database, so that
 * another one's cursors do not fit, and the namespace, so that those of an account that was removed fit no new one.
 *
 * @returns undefined when the account is gone.
 */
export function epochOf(database: Database, account: number): string | undefined {
  const row = database.first("SELECT namespace, epoch FROM accounts WHERE account = ?", account);
  if (row === undefined) return undefined;
  return `${database.secret("epoch")}.${integer(row, "namespace")}.${integer(row, "epoch")}`;
}

/** All cursors of an account so far get `reset` (V72); calls that wait with one get it at once. */
export async function endEpoch(
  { database, waiters }: { readonly database: Database; readonly waiters: Waiters },
  account: number,
): Promise<void> {
  await database.write(() => {
    database.run("UPDATE accounts SET epoch = epoch + 1 WHERE account = ?", account);
  });
  waiters.wake(account);
}
