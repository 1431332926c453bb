import type { Clock } from "../../std/time.ts";
import type { Rng } from "../../std/random.ts";
import type { Account } from "../accounts/account.ts";
import type { Argument } from "./argument.ts";
import type { BlockStore } from "../store/blocks.ts";
import type { Database } from "../store/database.ts";
import type { Limits } from "../limits.ts";
import type { Tokens } from "../accounts/tokens.ts";
import { Tree } from "../tree/tree.ts";

/** The parts of a running server that its routes use. */
export type Services = {
  readonly database: Database;
  readonly blocks: BlockStore;
  readonly tokens: Tokens;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly limits: Limits;
};

/** One call of the API: who calls, with which checked argument. */
export type Call = {
  readonly services: Services;
  readonly account: Account;
  readonly authorisation: number;
  readonly argument: Argument;
  readonly request: Request;
};

/** The account's tree, for reading. */
export function readTree({ services, account }: Call): Tree {
  const nowSeconds = nowOf(services);
  return new Tree({ database: services.database, rng: services.rng, account, nowSeconds });
}

/** Run `work` on the account's tree in one transaction, which is durable when this returns (V33). */
export function writeTree<T>(call: Call, work: (tree: Tree) => T): T {
  return call.services.database.transaction(() => work(readTree(call)));
}

/** Seconds since 1970 by the server's clock. */
export function nowOf({ clock }: Services): number {
  return Math.floor(clock.now() / 1000);
}
