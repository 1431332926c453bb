import { hash } from "node:crypto";
import type { Rng } from "../../std/random.ts";
import { accountByRow } from "./account.ts";
import type { Account } from "./account.ts";
import { appOf } from "./apps.ts";
import type { App } from "./apps.ts";
import type { Database } from "../store/database.ts";
import { accessTokenSeconds } from "../limits.ts";
import { integer, text } from "../store/rows.ts";
import { randomText } from "../random-text.ts";

/** What an app may do for an account, until it is revoked. */
export type Grant = {
  readonly account: number;
  readonly client: string;
  readonly scopes: readonly string[];
};

/** What a valid access token stands for. */
export type Bearer = {
  readonly account: Account;
  readonly app: App;
  readonly authorisation: number;
  readonly scopes: readonly string[];
};

/** Every scope that a tool for files needs (fact sheet 2.4). */
export const allScopes: readonly string[] = [
  "account_info.read",
  "files.content.read",
  "files.content.write",
  "files.metadata.read",
  "files.metadata.write",
  "sharing.read",
  "sharing.write",
];

/** Access and refresh tokens; only their hashes are kept (V20, V78). */
export class Tokens {
  readonly #database: Database;
  readonly #rng: Rng;

  constructor(database: Database, rng: Rng) {
    this.#database = database;
    this.#rng = rng;
  }

  /** A new authorisation; with a refresh token if `offline`. Called inside a transaction. */
  authorise(
    grant: Grant,
    offline: boolean,
  ): { readonly authorisation: number; readonly refreshToken: string | undefined } {
    const refreshToken = offline ? randomText(this.#rng, 64) : undefined;
    const { rowid } = this.#database.run(
      "INSERT INTO authorisations (account, client, scopes, refresh_hash) VALUES (?, ?, ?, ?)",
      grant.account,
      grant.client,
      grant.scopes.join(" "),
      refreshToken === undefined ? null : hashOf(refreshToken),
    );
    return { authorisation: rowid, refreshToken };
  }

  /** A new access token of an authorisation. Called inside a transaction. */
  accessToken(authorisation: number, scopes: readonly string[], nowSeconds: number): string {
    const token = `sl.${randomText(this.#rng, 128)}`;
    const ended = nowSeconds - accessTokenSeconds;
    this.#database.run("DELETE FROM access_tokens WHERE expires < ?", ended);
    this.#database.run(
      "INSERT INTO access_tokens (hash, authorisation, scopes, expires) VALUES (?, ?, ?, ?)",
      hashOf(token),
      authorisation,
      scopes.join(" "),
      nowSeconds + accessTokenSeconds,
    );
    return token;
  }

  /** Who bears this access token; "expired" for a known one past its time (V20). */
  bearer(token: string, nowSeconds: number): Bearer | "expired" | undefined {
    const row = this.#database.first(
      `SELECT t.authorisation, t.scopes, t.expires, a.account, a.client
       FROM access_tokens t JOIN authorisations a USING (authorisation) WHERE t.hash = ?`,
      hashOf(token),
    );
    if (row === undefined) return undefined;
    if (integer(row, "expires") <= nowSeconds) return "expired";
    const account = accountByRow(this.#database, integer(row, "account"));
    if (account === undefined) return undefined;
    return {
      account,
      app: appOf(this.#database, text(row, "client")),
      authorisation: integer(row, "authorisation"),
      scopes: text(row, "scopes").split(" "),
    };
  }

  /** The authorisation of a refresh token. */
  refreshed(token: string): { readonly authorisation: number; readonly grant: Grant } | undefined {
    const row = this.#database.first(
      "SELECT * FROM authorisations WHERE refresh_hash = ?",
      hashOf(token),
    );
    if (row === undefined) return undefined;
    return {
      authorisation: integer(row, "authorisation"),
      grant: {
        account: integer(row, "account"),
        client: text(row, "client"),
        scopes: text(row, "scopes").split(" "),
      },
    };
  }

  /** End all tokens of an authorisation (V20). */
  revoke(authorisation: number): void {
    this.#database.transaction(() => {
      this.#database.run("DELETE FROM authorisations WHERE authorisation = ?", authorisation);
    });
  }
}

/** What is kept of a token or code. */
export function hashOf(token: string): string {
  return hash("sha256", token, "hex");
}

/** Whether scopes allow a call: a write scope includes its read scope, and any scope of files their metadata (V21). */
export function allows(scopes: readonly string[], required: string): boolean {
  if (scopes.includes(required)) return true;
  if (required === "files.metadata.read") {
    return scopes.some((scope) => scope.startsWith("files."));
  }
  return required.endsWith(".read") && scopes.includes(required.replace(/read$/, "write"));
}
