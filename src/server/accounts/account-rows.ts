import { present } from "../../std/assert.ts";
import { SnapError } from "../../std/error.ts";
import type { Rng } from "../../std/random.ts";
import { newNameTrouble, parseNames } from "../tree/place.ts";
import { accountById, isSameAddress, listAccounts } from "./account.ts";
import type { Account, AccountInfo } from "./account.ts";
import type { Database } from "../store/database.ts";
import { passwordRecord } from "./password.ts";
import { isPlainName } from "./plain-name.ts";
import { randomText } from "../random-text.ts";
import { integer, text } from "../store/rows.ts";

/** An account to make (V15). */
export type NewAccount = {
  readonly name: string;
  /** Absent for one that is made up. */
  readonly email?: string | undefined;
  /** What the consent page then asks for; absent where nobody has to prove anything. */
  readonly password?: string | undefined;
  /** The member of a team: its home is a folder with its name, and the root of the team is above (V15). */
  readonly team?: boolean | undefined;
};

/**
 * Make an account with an empty namespace.
 *
 * @throws {SnapError} `usage` for a name, address or password that cannot be one, or an address that is taken.
 */
export function addAccount(database: Database, rng: Rng, wanted: NewAccount): AccountInfo {
  // `AA` is how recorded ids begin; 35 characters make the 40 that the definition wants.
  const id = `dbid:AA${randomText(rng, 33)}`;
  const { email = `${id.slice(-8)}@example.com`, password } = wanted;
  // It becomes part of the names of files, which are NFC (V24).
  const name = wanted.name.normalize("NFC");
  const isMember = wanted.team ?? false;
  checkNew({ name, email, password, team: isMember });
  const record = password === undefined ? null : passwordRecord(password, rng);
  database.transaction(() => {
    checkFree(database, email);
    database.run(
      `INSERT INTO accounts (account, id, name, email, namespace, password, home_folder, team_root)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
      freshRow(database),
      id,
      name,
      email,
      freeNamespace(database, rng),
      record,
      isMember ? name : null,
      null,
    );
    if (isMember) joinTeam(database, rng, accountById(database, id));
  });
  return { id, name, email };
}

/**
 * Put the home of an account below the root of a team, one that nobody had before. Called inside a transaction.
 *
 * @throws {SnapError} `usage` for an account whose home is no folder.
 */
export function joinTeam(database: Database, rng: Rng, { account, homeFolder }: Account): void {
  if (homeFolder === undefined) {
    throw new SnapError("usage", "The account was made as a personal one, and stays one");
  }
  const root = freeNamespace(database, rng);
  database.run("UPDATE accounts SET team_root = ? WHERE account = ?", root, account);
}

/** Take the root of the team away: the home is everything that is left to see. */
export function leaveTeam(database: Database, { account }: Account): void {
  database.run("UPDATE accounts SET team_root = NULL WHERE account = ?", account);
}

const passwordUnitsMax = 1000;

function checkNew({ name, email, password, team }: NewAccount): void {
  check(isPlainName(name), "its name is one short line of text, without slashes");
  check(team !== true || isFolderName(name), "no folder can have its name");
  const isAddress = email === undefined || /^[^\s@]+@[^\s@]+$/.test(email);
  check(isAddress && isPlainName(email ?? name), "its e-mail address is none");
  const length = password?.length ?? 1;
  check(length > 0 && length <= passwordUnitsMax, "its password is empty or too long");
}

function checkFree(database: Database, email: string): void {
  const other = listAccounts(database).some((known) => isSameAddress(known.email, email));
  check(!other, "another one has its e-mail address");
}

function isFolderName(name: string): boolean {
  const isOne = parseNames(`/${name}`, "write")?.length === 1;
  return isOne && newNameTrouble(name) === undefined;
}

function check(isRight: boolean, reason: string): void {
  if (!isRight) throw new SnapError("usage", `The account cannot be made: ${reason}`);
}

/** Never that of a removed account: a call that still runs for one must not end up in another. */
function freshRow(database: Database): number {
  const row = database.first(
    `SELECT CAST(max(coalesce((SELECT max(account) FROM accounts), 0),
       coalesce((SELECT value FROM meta WHERE name = 'last-account'), 0)) + 1 AS INTEGER) AS fresh`,
  );
  return integer(present(row, "the next account"), "fresh");
}

/**
 * Remove an account with everything of it, and its authorisations; blocks that nothing names are swept later (V13).
 * Called inside a transaction.
 */
export function removeAccount(database: Database, { account }: Account): void {
  const last = "INSERT OR REPLACE INTO meta (name, value) VALUES ('last-account', ?)";
  database.run(last, Math.max(account, freshRow(database) - 1));
  // Asked of the schema, so that no table with something of an account can be forgotten.
  const owned = database.all(
    `SELECT tables.name AS owned, keys."from" AS owner
     FROM sqlite_schema AS tables JOIN pragma_foreign_key_list(tables.name) AS keys
     WHERE tables.type = 'table' AND keys."table" = 'accounts'`,
  );
  for (const row of owned) {
    database.run(`DELETE FROM ${text(row, "owned")} WHERE ${text(row, "owner")} = ?`, account);
  }
  database.run("DELETE FROM accounts WHERE account = ?", account);
}

/** 32 bits, so that the id is eight digits at the end of every rev (V23). */
function freeNamespace(database: Database, rng: Rng): number {
  for (;;) {
    const namespace = Buffer.from(rng.bytes(4)).readUInt32BE() || 1;
    const taken = database.first(
      "SELECT 1 FROM accounts WHERE namespace = ? OR team_root = ?",
      namespace,
      namespace,
    );
    if (taken === undefined) return namespace;
  }
}
