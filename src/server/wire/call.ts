import type { Clock } from "../../std/time.ts";
import type { Rng } from "../../std/random.ts";
import type { Account } from "../accounts/account.ts";
import type { App } from "../accounts/apps.ts";
import { authFailure } from "./answer.ts";
import type { Argument } from "./argument.ts";
import type { BlockStore } from "../store/blocks.ts";
import type { Database } from "../store/database.ts";
import type { Disturbance, Interposer } from "./interposer.ts";
import type { Limits } from "../limits.ts";
import type { Tokens } from "../accounts/tokens.ts";
import { Tree } from "../tree/tree.ts";
import type { View } from "../tree/view.ts";
import type { Waiters } from "../tree/waiters.ts";

/** The parts of a running server that its routes use. */
export type Services = {
  readonly database: Database;
  readonly blocks: BlockStore;
  readonly tokens: Tokens;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly limits: Limits;
  readonly waiters: Waiters;
  readonly interposer: Interposer;
};

/** One call of the API by nobody in particular, with its checked argument. */
export type OpenCall = {
  readonly services: Services;
  readonly argument: Argument;
  readonly request: Request;
  readonly disturbance: Disturbance;
};

/** A call by an app for itself. */
export type AppCall = OpenCall & { readonly app: App };

/** A call by an app for an account. */
export type Call = AppCall & {
  readonly account: Account;
  readonly view: View;
  readonly authorisation: number;
};

/** The account's tree, for reading. */
export function readTree({ services, account, view, disturbance }: Call): Tree {
  const { database, rng, limits } = services;
  const nowSeconds = nowOf(services);
  const { retentionSeconds } = limits;
  const { clockSkewSeconds = 0 } = disturbance;
  const time = { nowSeconds, clockSkewSeconds, retentionSeconds };
  return new Tree({ database, rng, account, view, ...time });
}

/**
 * Run `work` on the account's tree in one transaction, which is durable when this resolves (V33); it may run twice.
 *
 * @throws {HttpFailure} 401 when the account was removed since the call began.
 */
export async function writeTree<T>(call: Call, work: (tree: Tree) => T): Promise<T> {
  const { database, interposer, waiters } = call.services;
  const { account } = call.account;
  const committer = { account, signal: call.request.signal };
  const commit = (): Promise<T> =>
    database.write(() => {
      requireAccount(call);
      return work(readTree(call));
    });
  try {
    return await interposer.commit(committer, commit);
  } finally {
    // A fault may say that the write failed although it did not.
    waiters.wake(account);
  }
}

/** @throws {HttpFailure} 401 when the account was removed since the call began: nothing may be written for it. */
export function requireAccount({ services, account }: Call): void {
  const { database, rng } = services;
  const row = database.first("SELECT 1 FROM accounts WHERE account = ?", account.account);
  if (row === undefined) throw authFailure("invalid_access_token", rng);
}

/** Seconds since 1970 by the server's clock. */
export function nowOf({ clock }: Services): number {
  return Math.floor(clock.now() / 1000);
}
