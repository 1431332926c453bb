import { SnapError } from "../../std/error.ts";
import type { Rng } from "../../std/random.ts";
import type { Database } from "../store/database.ts";
import type { JsonObject } from "../wire/failure.ts";
import { randomText } from "../random-text.ts";
import { integer, text } from "../store/rows.ts";
import type { Row } from "../store/rows.ts";

/** An account as its owner knows it. */
export type AccountInfo = {
  /** `dbid:` and 35 characters. */
  readonly id: string;
  readonly name: string;
  readonly email: string;
};

/** An account with what the server keeps about it. Its one namespace is its root and its home (V15). */
export type Account = AccountInfo & {
  /** The row. */
  readonly account: number;
  readonly namespace: number;
  /** Bytes of its live files (Choice 29). */
  readonly used: number;
};

/** All accounts, oldest first. */
export function listAccounts(database: Database): readonly Account[] {
  return database.all("SELECT * FROM accounts ORDER BY account").map(accountOf);
}

/** @throws {SnapError} `not-found` when there is no such account. */
export function accountById(database: Database, id: string): Account {
  const row = database.first("SELECT * FROM accounts WHERE id = ?", id);
  if (row !== undefined) return accountOf(row);
  throw new SnapError("not-found", `The server has no account "${id}"`, {
    hint: "List the accounts of the server.",
  });
}

/** The account of a row number that another row refers to. */
export function accountByRow(database: Database, account: number): Account | undefined {
  const row = database.first("SELECT * FROM accounts WHERE account = ?", account);
  return row === undefined ? undefined : accountOf(row);
}

function accountOf(row: Row): Account {
  return {
    account: integer(row, "account"),
    id: text(row, "id"),
    name: text(row, "name"),
    email: text(row, "email"),
    namespace: integer(row, "namespace"),
    used: integer(row, "used"),
  };
}

/** Make an account with an empty namespace. */
export function addAccount(
  database: Database,
  rng: Rng,
  { name, email }: { readonly name: string; readonly email?: string },
): AccountInfo {
  // `AA` is how recorded ids begin; 35 characters make the 40 that the definition wants.
  const id = `dbid:AA${randomText(rng, 33)}`;
  const address = email ?? `${id.slice(-8)}@example.com`;
  database.transaction(() => {
    database.run(
      "INSERT INTO accounts (id, name, email, namespace) VALUES (?, ?, ?, ?)",
      id,
      name,
      address,
      freeNamespace(database, rng),
    );
  });
  return { id, name, email: address };
}

/** 32 bits, so that the id is eight digits at the end of every rev (V23). */
function freeNamespace(database: Database, rng: Rng): number {
  for (;;) {
    const namespace = Buffer.from(rng.bytes(4)).readUInt32BE() || 1;
    const taken = database.first("SELECT 1 FROM accounts WHERE namespace = ?", namespace);
    if (taken === undefined) return namespace;
  }
}

/** `users/get_current_account` (fact sheet 4.2). */
export function fullAccount(account: Account): JsonObject {
  const namespace = String(account.namespace);
  const [given = account.name, ...others] = account.name.split(" ");
  return {
    account_id: account.id,
    name: {
      given_name: given,
      surname: others.join(" "),
      familiar_name: given,
      display_name: account.name,
      abbreviated_name: initials(account.name),
    },
    email: account.email,
    email_verified: true,
    disabled: false,
    country: "US",
    locale: "en",
    referral_link: "https://www.dropbox.com/referrals/AAA?src=app9-1",
    is_paired: false,
    account_type: { ".tag": "basic" },
    root_info: { ".tag": "user", root_namespace_id: namespace, home_namespace_id: namespace },
  };
}

function initials(name: string): string {
  const words = name.split(" ").filter((part) => part !== "");
  return words.map((part) => Array.from(part)[0]).join("");
}

/** `users/get_space_usage`: the live files count, old revisions do not (Choice 29). */
export function spaceUsage(account: Account, quotaBytes: number): JsonObject {
  return {
    used: account.used,
    allocation: { ".tag": "individual", allocated: quotaBytes },
  };
}
