import type { Rng } from "../../std/random.ts";
import { accountByRow } from "./account.ts";
import type { Account } from "./account.ts";
import { appOf } from "./apps.ts";
import type { App } from "./apps.ts";
import type { Database } from "../store/database.ts";
import { accessTokenSeconds } from "../limits.ts";
import { integer, text, word } from "../store/rows.ts";
import type { Row } from "../store/rows.ts";
import { randomText } from "../random-text.ts";
import { hashOf } from "./secrets.ts";
import { Signer, signatureLength } from "./signer.ts";

/** What the client of an authorisation shows to refresh it: its secret, or nothing after PKCE or by the server's owner. */
export type Proof = (typeof proofs)[number];

const proofs = ["owner", "pkce", "secret"] as const;

/** What an app may do for an account, until it is revoked. */
export type Grant = {
  readonly account: number;
  readonly client: string;
  readonly scopes: readonly string[];
  readonly proof: Proof;
};

/** What a valid access token stands for. */
export type Bearer = {
  readonly account: Account;
  readonly app: App;
  readonly authorisation: number;
  readonly scopes: readonly string[];
};

/** What tokens are kept with. */
export type TokensOptions = {
  /** Whether tokens of keys that nobody registered count for nothing, except those that the owner made (V17). */
  readonly registeredAppsOnly?: boolean | undefined;
};

const randomLength = 77;
const expiryLength = 9;
const refreshTokenLength = 64;

/** Access and refresh tokens; only their hashes are kept (V20, V78). */
export class Tokens {
  readonly #database: Database;
  readonly #rng: Rng;
  readonly #signer: Signer;
  readonly #registeredAppsOnly: boolean;

  constructor(database: Database, rng: Rng, options: TokensOptions = {}) {
    this.#database = database;
    this.#rng = rng;
    this.#signer = new Signer(database, "access token");
    this.#registeredAppsOnly = options.registeredAppsOnly ?? false;
  }

  /** Whether an app may get authorisations at all. */
  isServed({ isRegistered }: App): boolean {
    return isRegistered || !this.#registeredAppsOnly;
  }

  /** A new authorisation; with a refresh token if `offline`. Called inside a transaction. */
  authorise(
    grant: Grant,
    offline: boolean,
  ): { readonly authorisation: number; readonly refreshToken: string | undefined } {
    const refreshToken = offline ? randomText(this.#rng, refreshTokenLength) : undefined;
    const { rowid } = this.#database.run(
      `INSERT INTO authorisations (account, client, scopes, proof, refresh_hash)
       VALUES (?, ?, ?, ?, ?)`,
      grant.account,
      grant.client,
      grant.scopes.join(" "),
      grant.proof,
      refreshToken === undefined ? null : hashOf(refreshToken),
    );
    return { authorisation: rowid, refreshToken };
  }

  /**
   * A new access token of an authorisation. Called inside a transaction.
   *
   * It carries its end, signed: so one past its time is known for what it was after its row is gone.
   */
  accessToken(authorisation: number, scopes: readonly string[], nowSeconds: number): string {
    const expires = nowSeconds + accessTokenSeconds;
    const end = expires.toString(36).padStart(expiryLength, "0");
    const body = `${randomText(this.#rng, randomLength)}${end}`;
    const token = `sl.${body}${this.#signer.sign(body)}`;
    this.#database.run("DELETE FROM access_tokens WHERE expires <= ?", nowSeconds);
    this.#database.run(
      "INSERT INTO access_tokens (hash, authorisation, scopes, expires) VALUES (?, ?, ?, ?)",
      hashOf(token),
      authorisation,
      scopes.join(" "),
      expires,
    );
    return token;
  }

  /** Who bears this access token; "expired" for one past its time (V20). */
  bearer(token: string, nowSeconds: number): Bearer | "expired" | undefined {
    const row = this.#database.first(
      `SELECT t.authorisation, t.scopes, t.expires, a.account, a.client, a.proof
       FROM access_tokens t JOIN authorisations a USING (authorisation) WHERE t.hash = ?`,
      hashOf(token),
    );
    if (row === undefined) return this.#hasEnded(token, nowSeconds) ? "expired" : undefined;
    const app = appOf(this.#database, text(row, "client"));
    if (!this.isServed(app) && text(row, "proof") !== "owner") return undefined;
    if (integer(row, "expires") <= nowSeconds) return "expired";
    const account = accountByRow(this.#database, integer(row, "account"));
    if (account === undefined) return undefined;
    const authorisation = integer(row, "authorisation");
    return { account, app, authorisation, scopes: text(row, "scopes").split(" ") };
  }

  /** Whether it is a token of this server whose time is over. */
  #hasEnded(token: string, nowSeconds: number): boolean {
    const bodyEnd = "sl.".length + randomLength + expiryLength;
    if (token.length !== bodyEnd + signatureLength) return false;
    const body = token.slice("sl.".length, bodyEnd);
    if (!this.#signer.isSigned(body, token.slice(bodyEnd))) return false;
    return Number.parseInt(body.slice(-expiryLength), 36) <= nowSeconds;
  }

  /** The authorisation of a refresh token; "malformed" for a text that none has (fact sheet 2.2). */
  refreshed(token: string): Authorisation | "malformed" | undefined {
    if (!/^[\w-]+$/.test(token) || token.length !== refreshTokenLength) return "malformed";
    const row = this.#database.first(
      "SELECT * FROM authorisations WHERE refresh_hash = ?",
      hashOf(token),
    );
    return row === undefined ? undefined : authorisationOf(row);
  }

  /** What apps may do for an account, oldest first. */
  ofAccount(account: number): readonly Authorisation[] {
    const sql = "SELECT * FROM authorisations WHERE account = ? ORDER BY authorisation";
    return this.#database.all(sql, account).map(authorisationOf);
  }

  /** End all tokens of an authorisation (V20). */
  revoke(authorisation: number): void {
    this.#database.transaction(() => this.end(authorisation));
  }

  /** As `revoke`, called inside a transaction. */
  end(authorisation: number): void {
    this.#database.run("DELETE FROM authorisations WHERE authorisation = ?", authorisation);
  }
}

/** A grant that is in force. */
export type Authorisation = { readonly authorisation: number; readonly grant: Grant };

function authorisationOf(row: Row): Authorisation {
  return {
    authorisation: integer(row, "authorisation"),
    grant: {
      account: integer(row, "account"),
      client: text(row, "client"),
      scopes: text(row, "scopes").split(" "),
      proof: word(row, "proof", proofs),
    },
  };
}
