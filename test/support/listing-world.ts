import { listAccounts } from "../../src/server/accounts/account.ts";
import type { Account } from "../../src/server/accounts/account.ts";
import { appOf } from "../../src/server/accounts/apps.ts";
import { Tokens } from "../../src/server/accounts/tokens.ts";
import { continueListing, latestCursor, listFolder } from "../../src/server/files/listing.ts";
import { longpoll } from "../../src/server/files/longpoll.ts";
import { defaultLimits } from "../../src/server/limits.ts";
import type { Limits } from "../../src/server/limits.ts";
import { BlockStore } from "../../src/server/store/blocks.ts";
import { openDatabase } from "../../src/server/store/database.ts";
import type { Database } from "../../src/server/store/database.ts";
import { trimJournal } from "../../src/server/store/journal-trim.ts";
import {
  nodeColumns,
  nodeOf,
  nodeTables,
  keysBelow,
  metadata,
} from "../../src/server/tree/node.ts";
import type { Node } from "../../src/server/tree/node.ts";
import { Tree } from "../../src/server/tree/tree.ts";
import { viewOf } from "../../src/server/tree/view.ts";
import type { View } from "../../src/server/tree/view.ts";
import { Waiters } from "../../src/server/tree/waiters.ts";
import { Argument } from "../../src/server/wire/argument.ts";
import type { Call, Services } from "../../src/server/wire/call.ts";
import { loadDefinition } from "../../src/server/wire/definition.ts";
import type { Json } from "../../src/server/wire/failure.ts";
import { openPassage } from "../../src/server/wire/interposer.ts";
import type { Disturbance } from "../../src/server/wire/interposer.ts";
import { Schema } from "../../src/server/wire/schema.ts";
import { seededRng } from "../../src/std/random.ts";
import { SetClock } from "./checked-server.ts";
import type { Answer } from "./checked-server.ts";

const requests = new Schema(loadDefinition(), "request");

const work = {
  list_folder: { run: listFolder, arg: "files.ListFolderArg" },
  continue: { run: continueListing, arg: "files.ListFolderContinueArg" },
  get_latest_cursor: { run: latestCursor, arg: "files.ListFolderArg" },
} as const;

/** A namespace whose listings are read without wire and tokens, with any disturbance. */
export class ListingWorld implements Disposable {
  readonly database: Database;
  readonly services: Services;
  readonly account: Account;
  readonly clock = new SetClock();
  readonly #other: Account;

  constructor(limits: Partial<Limits> = {}) {
    const rng = seededRng(5);
    this.database = openDatabase(":memory:", rng);
    for (const number of [1, 2]) {
      this.database.run(
        "INSERT INTO accounts (id, name, email, namespace) VALUES (?, ?, ?, ?)",
        `dbid:${"A".repeat(34)}${number}`,
        `A${number}`,
        `a${number}@example.com`,
        number,
      );
    }
    const [account, other] = listAccounts(this.database);
    if (account === undefined || other === undefined) throw new Error("No accounts");
    this.account = account;
    this.#other = other;
    this.services = {
      database: this.database,
      clock: this.clock,
      rng,
      blocks: new BlockStore(this.database, undefined, rng),
      tokens: new Tokens(this.database, rng),
      limits: { ...defaultLimits, ...limits },
      waiters: new Waiters(),
      interposer: openPassage,
    };
  }

  /** The view of a full app, or of one with this folder. */
  view(appFolder?: string): View {
    return viewOf(this.account.namespace, appFolder);
  }

  /** The tree of a full app; writes are durable when they return. */
  write<T>(action: (tree: Tree) => T): T {
    return this.#write(this.account, action);
  }

  /** Something happens in another namespace. */
  writeElsewhere(): void {
    this.#write(this.#other, (tree) => {
      const node = tree.at("/x");
      if (node !== undefined) tree.remove(node);
      return tree.addFolder({ key: "/x", display: "/x" });
    });
  }

  /** Call a route of listing; throws what it throws. */
  call(
    route: keyof typeof work,
    argument: object,
    { view = this.view(), ...disturbance }: Disturbance & { readonly view?: View } = {},
  ): Answer["json"] {
    const { run, arg } = work[route];
    const call: Call = {
      services: this.services,
      argument: new Argument(requests.check({ ref: arg }, argument as Json)),
      request: new Request("http://localhost/"),
      disturbance,
      app: appOf(this.database, "test"),
      account: this.account,
      view,
      authorisation: 0,
    };
    return JSON.parse(JSON.stringify(run(call)));
  }

  /** Call `longpoll`; until it answers it waits by the clock. */
  poll(
    argument: object,
    { signal, ...disturbance }: Disturbance & { readonly signal?: AbortSignal } = {},
  ): ReturnType<typeof longpoll> {
    return longpoll({
      services: this.services,
      argument: new Argument(
        requests.check({ ref: "files.ListFolderLongpollArg" }, argument as Json),
      ),
      request: new Request("http://localhost/", signal === undefined ? {} : { signal }),
      disturbance,
    });
  }

  /** Drop the lines of the journal that say nothing any more. */
  async trim(): Promise<void> {
    await trimJournal(this.database, new AbortController().signal);
  }

  /** The journal of the account as `state path`. */
  lines(): string[] {
    const sql = "SELECT state, display FROM journal WHERE account = ? ORDER BY seq";
    return this.database
      .all(sql, this.account.account)
      .map(({ state, display }) => `${String(state)} ${String(display)}`);
  }

  /** Every live node in the order of the keys. */
  nodes(): readonly Node[] {
    const { from, to } = keysBelow("");
    return this.database
      .all(
        `SELECT ${nodeColumns} FROM ${nodeTables}
         WHERE n.account = ? AND n.key > ? AND n.key < ? ORDER BY n.key`,
        this.account.account,
        from,
        to,
      )
      .map(nodeOf);
  }

  /** What `get_metadata` says of a node. */
  shown(node: Node, view: View): Answer["json"] {
    return JSON.parse(JSON.stringify(metadata(node, view)));
  }

  #write<T>(account: Account, action: (tree: Tree) => T): T {
    const { database, rng, limits } = this.services;
    const { retentionSeconds } = limits;
    const nowSeconds = this.services.clock.now() / 1000;
    const view = viewOf(account.namespace);
    return database.transaction(() =>
      action(new Tree({ database, account, view, rng, nowSeconds, retentionSeconds })),
    );
  }

  [Symbol.dispose](): void {
    this.database.close();
  }
}
