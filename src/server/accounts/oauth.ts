import { hash } from "node:crypto";
import { present } from "../../std/assert.ts";
import { SnapError } from "../../std/error.ts";
import type { Clock } from "../../std/time.ts";
import type { Rng } from "../../std/random.ts";
import { accountByRow } from "./account.ts";
import type { Account } from "./account.ts";
import type { Database } from "../store/database.ts";
import { HttpFailure } from "../wire/failure.ts";
import type { JsonObject } from "../wire/failure.ts";
import { accessTokenSeconds, codeSeconds } from "../limits.ts";
import { appOf } from "./apps.ts";
import type { App } from "./apps.ts";
import type { AppCredentials } from "./token-endpoint.ts";
import { authFailure } from "../wire/answer.ts";
import { integer, text, textOrNone } from "../store/rows.ts";
import { randomText } from "../random-text.ts";
import type { Row } from "../store/rows.ts";
import { allScopes, hashOf } from "./tokens.ts";
import type { Tokens } from "./tokens.ts";

/** Parameters of a token call, from wherever the client put them. */
export type TokenParameters = URLSearchParams;

/** What the flows need. */
export type OAuthParts = {
  readonly database: Database;
  readonly tokens: Tokens;
  readonly clock: Clock;
  readonly rng: Rng;
};

/** The OAuth 2 flows of fact sheet 2: authorisation codes with PKCE or a secret, and refresh tokens (V19). */
export class OAuth {
  readonly #database: Database;
  readonly #tokens: Tokens;
  readonly #clock: Clock;
  readonly #rng: Rng;

  constructor({ database, tokens, clock, rng }: OAuthParts) {
    this.#database = database;
    this.#tokens = tokens;
    this.#clock = clock;
    this.#rng = rng;
  }

  /**
   * What pressing "allow" does: a code for the parameters of the authorise URL, good once, for ten minutes.
   *
   * @throws {SnapError} `usage` when a parameter is missing or not known.
   */
  authorize(account: Account, url: URL): string {
    const asked = url.searchParams;
    const code = randomText(this.#rng, 43);
    const wanted = wantedGrant(asked);
    this.#database.transaction(() => {
      this.#database.run(
        `INSERT INTO codes (hash, account, client, scopes, redirect_uri, challenge,
           challenge_method, offline, expires) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        hashOf(code),
        account.account,
        wanted.client,
        wanted.scopes.join(" "),
        asked.get("redirect_uri"),
        asked.get("code_challenge"),
        wanted.challengeMethod,
        asked.get("token_access_type") === "offline" ? 1 : 0,
        this.#nowSeconds() + codeSeconds,
      );
    });
    return code;
  }

  /** Tokens without a browser (V15). */
  issue(
    account: Account,
    client: string,
  ): { readonly accessToken: string; readonly refreshToken: string } {
    return this.#database.transaction(() => {
      const grant = { account: account.account, client, scopes: allScopes };
      const { authorisation, refreshToken } = this.#tokens.authorise(grant, true);
      const accessToken = this.#tokens.accessToken(authorisation, allScopes, this.#nowSeconds());
      return { accessToken, refreshToken: present(refreshToken, "an offline refresh token") };
    });
  }

  /**
   * The app that proves itself by its secret.
   *
   * @throws {HttpFailure} 401 when it is another secret.
   */
  appWithSecret({ key, secret }: AppCredentials): App {
    const app = appOf(this.#database, key);
    if (app.secretHash === undefined || app.secretHash === hashOf(secret)) return app;
    throw authFailure("invalid_access_token", this.#rng);
  }

  /** @throws {HttpFailure} 400 in the form of RFC 6749. */
  token(parameters: TokenParameters): JsonObject {
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
    const code = hashOf(parameters.get("code") ?? "");
    return this.#database.transaction(() => {
      const row = this.#database.first(
        "SELECT * FROM codes WHERE hash = ? AND expires > ?",
        code,
        this.#nowSeconds(),
      );
      if (row === undefined) throw refused("invalid_grant", "code doesn't exist or has expired");
      checkExchange(row, parameters);
      // A code serves once; codes that nobody came for go with it.
      this.#database.run(
        "DELETE FROM codes WHERE hash = ? OR expires <= ?",
        code,
        this.#nowSeconds(),
      );
      return this.#firstTokens(row);
    });
  }

  #firstTokens(row: Row): JsonObject {
    const scopes = text(row, "scopes").split(" ");
    const grant = { account: integer(row, "account"), client: text(row, "client"), scopes };
    const { authorisation, refreshToken } = this.#tokens.authorise(
      grant,
      integer(row, "offline") === 1,
    );
    const account = accountByRow(this.#database, grant.account);
    return {
      access_token: this.#tokens.accessToken(authorisation, scopes, this.#nowSeconds()),
      token_type: "bearer",
      expires_in: accessTokenSeconds,
      refresh_token: refreshToken,
      scope: scopes.join(" "),
      uid: String(account?.namespace),
      account_id: account?.id,
    };
  }

  #refresh(parameters: TokenParameters): JsonObject {
    const known = this.#tokens.refreshed(parameters.get("refresh_token") ?? "");
    if (known === undefined) {
      throw refused("invalid_grant", "refresh token is invalid or revoked");
    }
    checkClient(known.grant.client, parameters);
    const scopes = narrowed(known.grant.scopes, parameters.get("scope"));
    const accessToken = this.#database.transaction(() =>
      this.#tokens.accessToken(known.authorisation, scopes, this.#nowSeconds()),
    );
    return { access_token: accessToken, token_type: "bearer", expires_in: accessTokenSeconds };
  }

  #nowSeconds(): number {
    return Math.floor(this.#clock.now() / 1000);
  }
}

function wantedGrant(asked: URLSearchParams): {
  readonly client: string;
  readonly scopes: readonly string[];
  readonly challengeMethod: string;
} {
  const client = asked.get("client_id") ?? "";
  const challengeMethod = asked.get("code_challenge_method") ?? "plain";
  if (client === "" || asked.get("response_type") !== "code") {
    throw wrongUrl("it needs client_id, and response_type=code");
  }
  if (!["S256", "plain"].includes(challengeMethod)) {
    throw wrongUrl(`code_challenge_method is "${challengeMethod}"`);
  }
  const scopes = asked.get("scope")?.split(" ") ?? allScopes;
  const unknown = scopes.find((scope) => !allScopes.includes(scope));
  if (unknown !== undefined) throw wrongUrl(`scope "${unknown}" is not known`);
  return { client, scopes, challengeMethod };
}

function wrongUrl(reason: string): SnapError {
  return new SnapError("usage", `The authorisation URL cannot be used: ${reason}`);
}

/** Client, redirect and proof must be those of the authorisation (fact sheet 2.2). */
function checkExchange(row: Row, parameters: TokenParameters): void {
  checkClient(text(row, "client"), parameters);
  if ((parameters.get("redirect_uri") ?? undefined) !== textOrNone(row, "redirect_uri")) {
    throw refused("invalid_grant", "redirect_uri mismatch");
  }
  const challenge = textOrNone(row, "challenge");
  if (challenge === undefined) {
    // Keys that are not registered have any secret (V17), but a call without any proof is nobody's.
    if (!parameters.has("client_secret")) throw invalidClient();
    return;
  }
  const verifier = parameters.get("code_verifier") ?? "";
  const proof = text(row, "challenge_method") === "S256" ? challengeOf(verifier) : verifier;
  if (proof !== challenge) throw refused("invalid_grant", "invalid code verifier");
}

/** The S256 transformation of RFC 7636. */
function challengeOf(verifier: string): string {
  return hash("sha256", verifier, "base64url");
}

function checkClient(client: string, parameters: TokenParameters): void {
  if (parameters.get("client_id") !== client) throw invalidClient();
}

/** Fewer scopes than granted may be asked for, never others. */
function narrowed(granted: readonly string[], asked: string | null): readonly string[] {
  if (asked === null || asked === "") return granted;
  const scopes = asked.split(" ");
  if (scopes.every((scope) => granted.includes(scope))) return scopes;
  throw refused("invalid_scope", "a scope was not granted");
}

function invalidClient(): HttpFailure {
  return refused("invalid_client", "Invalid client_id or client_secret");
}

function refused(error: string, description: string): HttpFailure {
  return new HttpFailure(400, { error, error_description: description });
}
