import { hash } from "node:crypto";
import { present } from "../../std/assert.ts";
import { accountByRow } from "./account.ts";
import type { Account } from "./account.ts";
import { appOf, isSecretOf } from "./apps.ts";
import { accessTokenSeconds } from "../limits.ts";
import type { Database } from "../store/database.ts";
import { integer, text, textOrNone } from "../store/rows.ts";
import type { Row } from "../store/rows.ts";
import type { JsonObject } from "../wire/failure.ts";
import { invalidClient, refused } from "./oauth-failure.ts";
import { scopesIn } from "./scopes.ts";
import { hashOf, isSameText } from "./secrets.ts";
import type { Grant, Proof, Tokens } from "./tokens.ts";

/** Parameters of a token call, from wherever the client put them. */
export type TokenParameters = ReadonlyMap<string, string>;

/** What codes and refresh tokens are turned into tokens with; `nowSeconds` is the time of the call. */
export type TokenGrantParts = {
  readonly database: Database;
  readonly tokens: Tokens;
  readonly nowSeconds: number;
};

/** One call of the token endpoint: proof of the client, then tokens (V19). */
export class TokenGrants {
  readonly #database: Database;
  readonly #tokens: Tokens;
  readonly #nowSeconds: number;

  constructor({ database, tokens, nowSeconds }: TokenGrantParts) {
    this.#database = database;
    this.#tokens = tokens;
    this.#nowSeconds = nowSeconds;
  }

  /** @throws {HttpFailure} 400 in the form of RFC 6749. */
  answer(parameters: TokenParameters): JsonObject {
    switch (parameters.get("grant_type") ?? "") {
      case "authorization_code":
        return this.#exchange(parameters);
      case "refresh_token":
        return this.#refresh(parameters);
      default:
        throw refused("unsupported_grant_type", "grant_type is missing or not supported");
    }
  }

  #exchange(parameters: TokenParameters): JsonObject {
    const code = required(parameters, "code");
    const proof = this.#proof(parameters);
    const answer = this.#database.transaction(() => this.#redeem(hashOf(code), parameters, proof));
    if (answer === undefined) throw refused("invalid_grant", "code doesn't exist or has expired");
    return answer;
  }

  /** Undefined where no code is to be had. One that comes again takes what it became with it (RFC 6749, 4.1.2). */
  #redeem(code: string, parameters: TokenParameters, proof: Proof): JsonObject | undefined {
    const row = this.#database.first(
      "SELECT * FROM codes WHERE hash = ? AND expires > ?",
      code,
      this.#nowSeconds,
    );
    if (row === undefined) return undefined;
    if (text(row, "client") !== parameters.get("client_id")) throw invalidClient();
    if (row["authorisation"] !== null) {
      this.#tokens.end(integer(row, "authorisation"));
      return undefined;
    }
    checkExchange(row, parameters, proof);
    return this.#firstTokens(row);
  }

  #firstTokens(row: Row): JsonObject {
    const scopes = text(row, "scopes").split(" ");
    const proof: Proof = row["challenge"] === null ? "secret" : "pkce";
    const grant = { account: integer(row, "account"), client: text(row, "client"), scopes, proof };
    const { authorisation, answer } = this.first(grant, integer(row, "offline") === 1);
    const served = "UPDATE codes SET authorisation = ? WHERE hash = ?";
    this.#database.run(served, authorisation, text(row, "hash"));
    return answer;
  }

  /** A new authorisation and its first tokens, as they are answered. Called inside a transaction. */
  first(
    grant: Grant,
    isOffline: boolean,
  ): { readonly authorisation: number; readonly answer: FirstTokens } {
    const { authorisation, refreshToken } = this.#tokens.authorise(grant, isOffline);
    const account: Account = present(accountByRow(this.#database, grant.account), "the account");
    const answer = {
      access_token: this.#tokens.accessToken(authorisation, grant.scopes, this.#nowSeconds),
      token_type: "bearer",
      expires_in: accessTokenSeconds,
      refresh_token: refreshToken,
      scope: grant.scopes.join(" "),
      uid: String(account.namespace),
      account_id: account.id,
    };
    return { authorisation, answer };
  }

  #refresh(parameters: TokenParameters): JsonObject {
    const known = this.#tokens.refreshed(required(parameters, "refresh_token"));
    if (known === "malformed") throw refused("invalid_grant", "refresh token is malformed");
    if (known === undefined) {
      throw refused("invalid_grant", "refresh token is invalid or revoked");
    }
    const { authorisation, grant } = known;
    if (grant.proof === "owner") this.#checkOwn(parameters, grant.client);
    else this.#checkProof(parameters, grant);
    const scopes = narrowed(grant.scopes, parameters.get("scope") ?? "");
    const accessToken = this.#database.transaction(() =>
      this.#tokens.accessToken(authorisation, scopes, this.#nowSeconds),
    );
    return { access_token: accessToken, token_type: "bearer", expires_in: accessTokenSeconds };
  }

  /** Who has a token that the server's owner made has to show nothing else, registered or not. */
  #checkOwn(parameters: TokenParameters, client: string): void {
    if (parameters.get("client_id") !== client) throw invalidClient();
  }

  #checkProof(parameters: TokenParameters, { client, proof }: Grant): void {
    const shown = this.#proof(parameters);
    if (parameters.get("client_id") !== client) throw invalidClient();
    if (proof === "secret" && shown !== "secret") throw invalidClient();
  }

  /** Whether the client has proved itself by its secret; a wrong one is refused although PKCE might do. */
  #proof(parameters: TokenParameters): Proof {
    const app = appOf(this.#database, parameters.get("client_id") ?? "");
    if (app.key === "" || !this.#tokens.isServed(app)) throw invalidClient();
    const secret = parameters.get("client_secret") ?? "";
    if (secret === "") return "pkce";
    if (!isSecretOf(app, secret)) throw invalidClient();
    return "secret";
  }
}

/** Answered to the exchange of a code, and in the fragment of `response_type=token`. */
export type FirstTokens = {
  readonly access_token: string;
  readonly token_type: string;
  readonly expires_in: number;
  readonly refresh_token: string | undefined;
  readonly scope: string;
  readonly uid: string;
  readonly account_id: string;
};

function required(parameters: TokenParameters, name: string): string {
  const value = parameters.get(name) ?? "";
  if (value === "") throw refused("invalid_request", `missing required field "${name}"`);
  return value;
}

/** Redirect and proof must be those of the authorisation (fact sheet 2.2). */
function checkExchange(row: Row, parameters: TokenParameters, proof: Proof): void {
  if (parameters.get("redirect_uri") !== textOrNone(row, "redirect_uri")) {
    throw refused("invalid_grant", "redirect_uri mismatch");
  }
  const challenge = textOrNone(row, "challenge");
  const verifier = parameters.get("code_verifier");
  if (challenge === undefined) {
    if (proof !== "secret") throw invalidClient();
    // Somebody took the challenge out of the URL on its way (RFC 9700, 4.8.2).
    if (verifier !== undefined) throw refused("invalid_grant", "invalid code verifier");
    return;
  }
  const isS256 = text(row, "challenge_method") === "S256";
  const shown = isS256 ? hash("sha256", verifier ?? "", "base64url") : (verifier ?? "");
  if (!isSameText(shown, challenge)) throw refused("invalid_grant", "invalid code verifier");
}

/** Fewer scopes than granted may be asked for, never others. */
function narrowed(granted: readonly string[], asked: string): readonly string[] {
  const scopes = scopesIn(asked);
  if (scopes.length === 0) return granted;
  if (scopes.every((scope) => granted.includes(scope))) return scopes;
  throw refused("invalid_scope", "a scope was not granted");
}
