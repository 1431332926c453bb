import { SnapError } from "../../std/error.ts";
import type { Database } from "../store/database.ts";
import type { JsonObject, Tagged } from "../wire/failure.ts";
import { integer, integerOrNone, text, textOrNone } from "../store/rows.ts";
import type { Row } from "../store/rows.ts";

/** An account as its owner knows it. */
export type AccountInfo = {
  /** `dbid:` and 35 characters. */
  readonly id: string;
  readonly name: string;
  readonly email: string;
};

/** An account with what the server keeps about it (V15). */
export type Account = AccountInfo & {
  /** The row. */
  readonly account: number;
  /** Its home; of a personal account, its root as well. It is at the end of every rev. */
  readonly namespace: number;
  /** Name of the folder at the top that is its home; undefined where everything is. */
  readonly homeFolder: string | undefined;
  /** The root of its team, which holds the home folder; undefined for an account without team. */
  readonly teamRoot: number | undefined;
  /** Bytes of its live files (Choice 29). */
  readonly used: number;
};

/** All accounts, oldest first. */
export function listAccounts(database: Database): readonly Account[] {
  return database.all("SELECT * FROM accounts ORDER BY account").map(accountOf);
}

/** @throws {SnapError} `not-found` when there is no such account. */
export function accountById(database: Database, id: string): Account {
  const account = accountOfId(database, id);
  if (account !== undefined) return account;
  throw new SnapError("not-found", `The server has no account "${id}"`, {
    hint: "List the accounts of the server.",
  });
}

/**
 * The account that somebody means by an id or an e-mail address.
 *
 * @throws {SnapError} `not-found` when there is no such account.
 */
export function accountCalled(database: Database, name: string): Account {
  const byAddress = listAccounts(database).find(({ email }) => isSameAddress(email, name));
  return byAddress ?? accountById(database, name);
}

/** The account of an id, where there is one. */
export function accountOfId(database: Database, id: string): Account | undefined {
  const row = database.first("SELECT * FROM accounts WHERE id = ?", id);
  return row === undefined ? undefined : accountOf(row);
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
    homeFolder: textOrNone(row, "home_folder"),
    teamRoot: integerOrNone(row, "team_root"),
    used: integer(row, "used"),
  };
}

/** Whether two e-mail addresses are the same mailbox. */
export function isSameAddress(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

/** What is kept of an account's password; undefined where it has none. */
export function passwordOf(database: Database, { account }: Account): string | undefined {
  const row = database.first("SELECT password FROM accounts WHERE account = ?", account);
  return row === undefined ? undefined : textOrNone(row, "password");
}

/** What `users/get_account` shows of any account of the server (V15). */
export function basicAccount(account: Account): JsonObject {
  return { ...shownAccount(account), is_teammate: false };
}

function shownAccount({ id, name, email }: Account): JsonObject {
  const [given = name, ...others] = name.split(" ");
  return {
    account_id: id,
    name: {
      given_name: given,
      surname: others.join(" "),
      familiar_name: given,
      display_name: name,
      abbreviated_name: initials(name),
    },
    email,
    email_verified: true,
    disabled: false,
  };
}

/** `users/get_current_account` (fact sheet 4.2). */
export function fullAccount(account: Account): JsonObject {
  return {
    ...shownAccount(account),
    country: "US",
    locale: "en",
    referral_link: "https://www.dropbox.com/referrals/AAA?src=app9-1",
    is_paired: false,
    account_type: { ".tag": account.teamRoot === undefined ? "basic" : "business" },
    root_info: rootInfo(account),
  };
}

/** Where the paths of an account may begin (fact sheet 4.2). */
export function rootInfo({ namespace, teamRoot, homeFolder }: Account): Tagged {
  const home = String(namespace);
  if (teamRoot === undefined) {
    return { ".tag": "user", root_namespace_id: home, home_namespace_id: home };
  }
  return {
    ".tag": "team",
    root_namespace_id: String(teamRoot),
    home_namespace_id: home,
    home_path: `/${homeFolder ?? ""}`,
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
