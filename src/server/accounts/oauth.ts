import { present } from "../../std/assert.ts";
import { SnapError } from "../../std/error.ts";
import type { Clock } from "../../std/time.ts";
import type { Rng } from "../../std/random.ts";
import { accountById } from "./account.ts";
import type { Account } from "./account.ts";
import { appOf, isSecretOf, scopesOf } from "./apps.ts";
import type { App } from "./apps.ts";
import { parseAuthorizeRequest } from "./authorize-request.ts";
import type { AuthorizeRequest } from "./authorize-request.ts";
import { ConsentGate } from "./consent-gate.ts";
import type { AppCredentials } from "./credentials.ts";
import type { Database } from "../store/database.ts";
import type { JsonObject } from "../wire/failure.ts";
import { codeSeconds } from "../limits.ts";
import { authFailure } from "../wire/answer.ts";
import { randomText } from "../random-text.ts";
import { hashOf } from "./secrets.ts";
import { TokenGrants } from "./token-grants.ts";
import type { FirstTokens, TokenParameters } from "./token-grants.ts";
import type { Proof, Tokens } from "./tokens.ts";

/** What the flows need. */
export type OAuthParts = {
  readonly database: Database;
  readonly tokens: Tokens;
  readonly clock: Clock;
  readonly rng: Rng;
  /** What the consent page asks for, where more than this machine can reach it (V76). */
  readonly bindToken?: string | undefined;
};

/** What an app is given when the user allows it: a code to redeem, or the token itself. */
export type Granted =
  | { readonly kind: "code"; readonly code: string }
  | { readonly kind: "token"; readonly tokens: FirstTokens };

/** The OAuth 2 flows of fact sheet 2: consent, codes with PKCE or a secret, tokens, refresh (V18, V19). */
export class OAuth {
  /** What stands before the consent of a browser. */
  readonly gate: ConsentGate;
  readonly #database: Database;
  readonly #tokens: Tokens;
  readonly #clock: Clock;
  readonly #rng: Rng;

  constructor(parts: OAuthParts) {
    this.#database = parts.database;
    this.#tokens = parts.tokens;
    this.#clock = parts.clock;
    this.#rng = parts.rng;
    this.gate = new ConsentGate(parts);
  }

  /**
   * What the query of an authorise URL asks for.
   *
   * @throws {SnapError} `usage` when it cannot be used.
   */
  request(search: string): AuthorizeRequest {
    return parseAuthorizeRequest(search, (key) => this.#servedApp(key));
  }

  /**
   * What pressing "allow" does for an app that wants a code: good once, for ten minutes.
   *
   * @throws {SnapError} `usage` when a parameter is missing or not known.
   */
  authorize(account: Account, url: URL): string {
    const granted = this.grant(account.id, this.request(url.search));
    if (granted.kind === "code") return granted.code;
    throw new SnapError("usage", "The authorisation URL asks for a token, not for a code");
  }

  /**
   * Give an app what it asked for, for an account.
   *
   * @throws {SnapError} `not-found` when the account is gone.
   */
  grant(accountId: string, request: AuthorizeRequest): Granted {
    return this.#database.transaction(() => {
      const account = accountById(this.#database, accountId);
      const scopes = this.#grantedScopes(account, request);
      if (request.responseType === "code") {
        return { kind: "code", code: this.#code(account, { ...request, scopes }) };
      }
      const grant = { account: account.account, client: request.app.key, scopes };
      const { answer } = this.#grants().first({ ...grant, proof: "pkce" }, false);
      return { kind: "token", tokens: answer };
    });
  }

  /** Scopes that were granted before stay, where the app asks for that and may still have them. */
  #grantedScopes(
    { account }: Account,
    { app, scopes, keepsGranted }: AuthorizeRequest,
  ): readonly string[] {
    if (!keepsGranted) return scopes;
    const before = this.#tokens
      .ofAccount(account)
      .filter(({ grant }) => grant.client === app.key)
      .flatMap(({ grant }) => grant.scopes);
    const kept = before.filter((scope) => scopesOf(app).includes(scope));
    return [...new Set([...scopes, ...kept])];
  }

  #code(account: Account, request: AuthorizeRequest): string {
    const code = randomText(this.#rng, 43);
    const { app, scopes, redirectUri, challenge, isOffline } = request;
    this.#database.run("DELETE FROM codes WHERE expires <= ?", this.#nowSeconds());
    this.#database.run(
      `INSERT INTO codes (hash, account, client, scopes, redirect_uri, challenge,
         challenge_method, offline, expires) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      hashOf(code),
      account.account,
      app.key,
      scopes.join(" "),
      redirectUri ?? null,
      challenge?.value ?? null,
      challenge?.method ?? "plain",
      isOffline ? 1 : 0,
      this.#nowSeconds() + codeSeconds,
    );
    return code;
  }

  /**
   * Tokens without a browser (V15), of any app; `scopes` absent is everything that the app may ask for.
   *
   * @throws {SnapError} `usage` for a scope that is none of the app's.
   */
  issue(
    account: Account,
    client: string,
    scopes: readonly string[] = scopesOf(appOf(this.#database, client)),
  ): { readonly accessToken: string; readonly refreshToken: string } {
    const allowed = scopesOf(appOf(this.#database, client));
    const other = scopes.find((scope) => !allowed.includes(scope));
    if (other !== undefined || scopes.length === 0) {
      throw new SnapError("usage", `The app "${client}" cannot have the scope "${other ?? ""}"`);
    }
    const proof: Proof = "owner";
    const grant = { account: account.account, client, scopes: [...new Set(scopes)], proof };
    return this.#database.transaction(() => {
      const { answer } = this.#grants().first(grant, true);
      const refreshToken = present(answer.refresh_token, "an offline refresh token");
      return { accessToken: answer.access_token, refreshToken };
    });
  }

  /**
   * The app that proves itself by its secret.
   *
   * @throws {HttpFailure} 401 when it is another secret, or the app is not served.
   */
  appWithSecret({ key, secret }: AppCredentials): App {
    const app = this.#servedApp(key);
    if (app !== undefined && isSecretOf(app, secret)) return app;
    throw authFailure("invalid_access_token", this.#rng);
  }

  /** @throws {HttpFailure} 400 in the form of RFC 6749. */
  token(parameters: TokenParameters): JsonObject {
    return this.#grants().answer(parameters);
  }

  #grants(): TokenGrants {
    const database = this.#database;
    return new TokenGrants({ database, tokens: this.#tokens, nowSeconds: this.#nowSeconds() });
  }

  #servedApp(key: string): App | undefined {
    const app = appOf(this.#database, key);
    return this.#tokens.isServed(app) ? app : undefined;
  }

  #nowSeconds(): number {
    return Math.floor(this.#clock.now() / 1000);
  }
}
