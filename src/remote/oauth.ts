import { hash } from "node:crypto";
import { SnapError } from "../std/error.ts";
import { silentLogger } from "../std/log.ts";
import type { Rng } from "../std/random.ts";
import type { Clock } from "../std/time.ts";
import { fromRemote, scopeHint } from "./errors.ts";
import { countIn, isShape, textIn, type Shape } from "./shape.ts";
import { guardedFetch, type Fetch } from "./transport.ts";

const authorizeUrl = "https://www.dropbox.com/oauth2/authorize";
const tokenUrl = "https://api.dropboxapi.com/oauth2/token";
const revokeUrl = "https://api.dropboxapi.com/2/auth/token/revoke";

/** What syncing needs, and nothing more (X18). */
export const defaultScopes: readonly string[] = [
  "account_info.read",
  "files.metadata.read",
  "files.metadata.write",
  "files.content.read",
  "files.content.write",
];

/** What an account is reached with; all of it lives in the secret store and in memory only (X14). */
export type RemoteAuth = {
  readonly appKey: string;
  readonly refreshToken: string;
  /** Where the access token is between runs; absent where each run asks for its own. */
  readonly kept?: KeptToken;
};

/** An access token that outlives a run. */
export interface KeptToken {
  /** @throws {SnapError} `settings-invalid` where others could have read it */
  read(): Promise<AccessToken | undefined>;
  /** Never rejects because it cannot be kept. */
  write(token: AccessToken): Promise<void>;
}

/** A login that waits for its code. The verifier is a secret and is never shown. */
export type PendingLogin = {
  /** Dropbox shows the code there, for copying. */
  readonly url: string;
  /** Dropbox sends the browser to another address from there, with the code and this `state`. */
  readonly returning: (redirectUri: string) => string;
  readonly state: string;
  readonly verifier: string;
};

/** What calls are made with, for some hours. */
export type AccessToken = {
  readonly accessToken: string;
  /** When it ends, ms since 1970, by our clock: a guess, the server's answer is what counts. */
  readonly expiresAt: number;
  /** When to get another one, before it ends. */
  readonly renewAt: number;
};

/** What the end of a login gives: keep the refresh token, pin the account. */
export type Login = AccessToken & { readonly refreshToken: string; readonly accountId: string };

/** What calls of the token endpoint need. */
export type OAuthParts = { readonly fetch?: Fetch | undefined; readonly clock: Clock };

/** An access token is renewed this long before its end, as by the official clients, or at half of a short life. */
const renewBeforeMs = 300_000;

/** A life that is shorter is not believed: every call would ask for another token. */
const lifeMinMs = 60_000;

/** Bytes of a verifier: 86 characters, of the 43 to 128 that RFC 7636 allows. */
const verifierBytes = 64;

/** Bytes of a `state`: nobody guesses it. */
const stateBytes = 32;

/**
 * Begin a login: the user opens the URL in any browser, allows the app, and pastes the code that the page shows; or
 * that the browser brings back. No secret of the app is needed (PKCE, S256).
 */
export function startLogin(options: {
  readonly appKey: string;
  readonly rng: Rng;
  readonly scopes?: readonly string[];
}): PendingLogin {
  const verifier = Buffer.from(options.rng.bytes(verifierBytes)).toString("base64url");
  const state = Buffer.from(options.rng.bytes(stateBytes)).toString("base64url");
  const asked = {
    client_id: options.appKey,
    response_type: "code",
    token_access_type: "offline",
    code_challenge: hash("sha256", verifier, "base64url"),
    code_challenge_method: "S256",
    scope: (options.scopes ?? defaultScopes).join(" "),
  };
  return {
    url: authorizeAddress(asked),
    returning: (redirectUri) => authorizeAddress({ ...asked, redirect_uri: redirectUri, state }),
    state,
    verifier,
  };
}

function authorizeAddress(parameters: Readonly<Record<string, string>>): string {
  const url = new URL(authorizeUrl);
  url.search = new URLSearchParams(parameters).toString();
  return url.href;
}

/**
 * End a login with the code that was pasted, or with the one that came to the redirect URI.
 *
 * @throws {SnapError} `not-logged-in` when the code is wrong, used or too old; `usage` for an unknown app key
 */
export async function finishLogin(
  options: OAuthParts & {
    readonly appKey: string;
    readonly code: string;
    readonly verifier: string;
    readonly redirectUri?: string | undefined;
  },
): Promise<Login> {
  const answer = await askForTokens(options, {
    grant_type: "authorization_code",
    code: options.code.trim(),
    code_verifier: options.verifier,
    client_id: options.appKey,
    ...(options.redirectUri !== undefined && { redirect_uri: options.redirectUri }),
  });
  const refreshToken = textIn(answer, "refresh_token");
  const accountId = textIn(answer, "account_id");
  if (accountId === undefined && textIn(answer, "team_id") !== undefined) throw appOfTeams();
  if (refreshToken === undefined || accountId === undefined) throw notUnderstood();
  refuseLessScopes(textIn(answer, "scope"));
  return { ...accessTokenOf(answer, options.clock), refreshToken, accountId };
}

/** A login that cannot sync is none; which permissions came along is told with the tokens. */
function refuseLessScopes(granted: string | undefined): void {
  const scopes = granted?.split(" ");
  const missing = defaultScopes.find((scope) => scopes !== undefined && !scopes.includes(scope));
  if (missing === undefined) return;
  throw new SnapError(
    "not-logged-in",
    `The app may not do everything that a sync needs: ${missing}`,
    {
      hint: scopeHint(missing),
    },
  );
}

/** A new access token. @throws {SnapError} `login-revoked`, `usage`, `offline`, `server-error`, `throttled` */
export async function refresh(options: OAuthParts & RemoteAuth): Promise<AccessToken> {
  const answer = await askForTokens(options, {
    grant_type: "refresh_token",
    refresh_token: options.refreshToken,
    client_id: options.appKey,
  });
  return accessTokenOf(answer, options.clock);
}

/** End the login on the server, with all its tokens. One that is revoked already is success. */
export async function revoke(options: OAuthParts & RemoteAuth): Promise<void> {
  const accessToken = await refreshUnlessRevoked(options);
  if (accessToken === undefined) return;
  const headers = { authorization: `Bearer ${accessToken}` };
  const response = await send(options.fetch, revokeUrl, { method: "POST", headers });
  if (response.ok || response.status === 401) return;
  throw statusError("Logging out", response.status);
}

async function refreshUnlessRevoked(options: OAuthParts & RemoteAuth): Promise<string | undefined> {
  try {
    return (await refresh(options)).accessToken;
  } catch (error) {
    if (error instanceof SnapError && error.code === "login-revoked") return undefined;
    throw error;
  }
}

/** The parameters go in the body: a URL with a refresh token would end up in logs (X15). */
async function askForTokens(
  { fetch: inner }: OAuthParts,
  parameters: Readonly<Record<string, string>>,
): Promise<Shape> {
  const body = new URLSearchParams(parameters).toString();
  const headers = { "content-type": "application/x-www-form-urlencoded" };
  const response = await send(inner, tokenUrl, { method: "POST", headers, body });
  const answer = await readAnswer(response);
  if (response.ok) return answer;
  throw tokenError(response.status, answer, parameters["grant_type"] === "refresh_token");
}

async function send(inner: Fetch | undefined, url: string, init: RequestInit): Promise<Response> {
  try {
    return await guardedFetch(inner ?? fetch, { logger: silentLogger })(url, init);
  } catch (error) {
    throw fromRemote(error, { what: "Logging in" });
  }
}

/** The endpoint answers JSON under several content types (fact sheet 2.2). */
async function readAnswer(response: Response): Promise<Shape> {
  const text = await response.text();
  try {
    const value: unknown = JSON.parse(text);
    return isShape(value) ? value : {};
  } catch {
    // A page of some proxy: the status tells all that can be told.
    return {};
  }
}

function accessTokenOf(answer: Shape, clock: Clock): AccessToken {
  const accessToken = textIn(answer, "access_token");
  const expiresIn = countIn(answer, "expires_in");
  if (accessToken === undefined || expiresIn === undefined) throw notUnderstood();
  const lifeMs = Math.max(lifeMinMs, expiresIn * 1_000);
  const expiresAt = clock.now() + lifeMs;
  return { accessToken, expiresAt, renewAt: expiresAt - Math.min(renewBeforeMs, lifeMs / 2) };
}

/** Errors in the form of RFC 6749 §5.2. */
function tokenError(status: number, answer: Shape, refreshing: boolean): SnapError {
  const error = textIn(answer, "error") ?? "";
  if (error.startsWith("invalid_grant")) return refreshing ? revoked() : wrongCode(answer);
  if (error.startsWith("invalid_client") || error.startsWith("unauthorized_client")) {
    return new SnapError("usage", "Dropbox does not know this app key", {
      hint: "Check --app-key or SNAP_APP_KEY: it is the app key of your app, without its secret.",
    });
  }
  return statusError("Logging in", status, error);
}

function revoked(): SnapError {
  return new SnapError("login-revoked", "The login was revoked", {
    hint: "Run snap login; nothing that was synced is lost.",
  });
}

/** An app with permissions of a team's administrator acts for the team, and for none of its members by itself. */
function appOfTeams(): SnapError {
  return new SnapError("usage", "The app key is of an app that acts for a whole team", {
    hint: "Register an app without team permissions; members of a team log in with it like everybody.",
  });
}

function wrongCode(answer: Shape): SnapError {
  const reason = textIn(answer, "error_description")?.slice(0, 200) ?? "no reason given";
  return new SnapError("not-logged-in", `The code was not accepted: ${reason}`, {
    hint: "Run snap login again and paste the whole code, within a few minutes.",
  });
}

function statusError(what: string, status: number, error = ""): SnapError {
  const code = status === 429 ? "throttled" : status >= 500 ? "server-error" : "remote-error";
  const detail = error === "" ? "" : ` (${error.slice(0, 200)})`;
  return new SnapError(code, `${what} failed: the server answered ${status}${detail}`, {
    hint: "Wait a while, then try again.",
  });
}

function notUnderstood(): SnapError {
  return new SnapError("server-error", "Logging in failed: the answer is not understood", {
    hint: "Wait a while, then try again.",
  });
}
