import { SnapError } from "../../std/error.ts";
import { stateBytesMax } from "../limits.ts";
import { scopesOf } from "./apps.ts";
import type { App } from "./apps.ts";
import { isRedirectOf } from "./redirect.ts";
import { scopesIn } from "./scopes.ts";

/** What the code must be redeemed with (PKCE, RFC 7636). */
export type Challenge = { readonly method: "S256" | "plain"; readonly value: string };

/** What an authorise URL asks for, checked against what its app may ask for (fact sheet 2.1). */
export type AuthorizeRequest = {
  readonly app: App;
  readonly responseType: "code" | "token";
  /** Where the answer goes; absent where the user copies the code. */
  readonly redirectUri: string | undefined;
  readonly state: string | undefined;
  readonly scopes: readonly string[];
  /** Whether what the user allowed the app before stays allowed. */
  readonly keepsGranted: boolean;
  readonly isOffline: boolean;
  readonly challenge: Challenge | undefined;
};

type Parameters = ReadonlyMap<string, string>;

/**
 * Read the query of an authorise URL. Parameters that mean something only for teams, languages or web sessions are
 * checked and have no effect; unknown ones are passed over (RFC 6749, 3.1).
 *
 * @throws {SnapError} `usage`, with a sentence for the user, when the URL cannot be used.
 */
export function parseAuthorizeRequest(
  search: string,
  appOfKey: (key: string) => App | undefined,
): AuthorizeRequest {
  const parameters = parametersIn(search);
  const app = wantedApp(parameters, appOfKey);
  const redirectUri = wantedRedirect(parameters, app);
  const responseType = oneOf(parameters, "response_type", ["code", "token"]);
  if (responseType === undefined) throw wrongUrl("it needs response_type=code");
  if (responseType === "token" && redirectUri === undefined) {
    throw wrongUrl("response_type=token needs a redirect_uri");
  }
  checkUnused(parameters);
  return {
    app,
    responseType,
    redirectUri,
    state: wantedState(parameters),
    scopes: wantedScopes(parameters, app),
    keepsGranted: oneOf(parameters, "include_granted_scopes", ["user", "team"]) === "user",
    isOffline: oneOf(parameters, "token_access_type", accessTypes) === "offline",
    challenge: wantedChallenge(parameters),
  };
}

/** `legacy` tokens without end are retired; who asks for one gets what `online` gets. */
const accessTypes = ["online", "offline", "legacy"] as const;

/** Every parameter once, decoded exactly: a `state` that came back changed would be another one. */
function parametersIn(search: string): Parameters {
  const parameters = new Map<string, string>();
  for (const pair of search.replace(/^\?/, "").split("&")) {
    if (pair === "") continue;
    const equals = pair.includes("=") ? pair.indexOf("=") : pair.length;
    const name = decoded(pair.slice(0, equals));
    if (parameters.has(name)) throw wrongUrl(`it has the parameter ${quoted(name)} twice`);
    parameters.set(name, decoded(pair.slice(equals + 1)));
  }
  return parameters;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    // The decoder's own words would add nothing.
    throw wrongUrl("it is not encoded as UTF-8");
  }
}

function wantedApp(parameters: Parameters, appOfKey: (key: string) => App | undefined): App {
  const client = parameters.get("client_id") ?? "";
  if (client === "") throw wrongUrl("it needs client_id, the key of an app");
  const app = /^[\x20-\x7e]{1,100}$/.test(client) ? appOfKey(client) : undefined;
  if (app === undefined) throw wrongUrl(`the server does not know the app ${quoted(client)}`);
  return app;
}

function wantedRedirect(parameters: Parameters, app: App): string | undefined {
  const uri = parameters.get("redirect_uri");
  if (uri === undefined || isRedirectOf(app, uri)) return uri;
  throw wrongUrl(`invalid redirect_uri ${quoted(uri)}: the app may not send you there`);
}

function wantedState(parameters: Parameters): string | undefined {
  const state = parameters.get("state");
  if (state === undefined || Buffer.byteLength(state) <= stateBytesMax) return state;
  throw wrongUrl(`its state is longer than ${stateBytesMax} bytes`);
}

function wantedScopes(parameters: Parameters, app: App): readonly string[] {
  const asked = scopesIn(parameters.get("scope") ?? "");
  const allowed = scopesOf(app);
  const other = asked.find((scope) => !allowed.includes(scope));
  if (other !== undefined) throw wrongUrl(`the scope ${quoted(other)} is none of the app's`);
  return asked.length === 0 ? allowed : asked;
}

function wantedChallenge(parameters: Parameters): Challenge | undefined {
  const value = parameters.get("code_challenge");
  const method = oneOf(parameters, "code_challenge_method", ["S256", "plain"]);
  if (value === undefined) {
    if (method === undefined) return undefined;
    throw wrongUrl("code_challenge_method needs a code_challenge");
  }
  if (!/^[\w.~-]{43,128}$/.test(value)) {
    throw wrongUrl("code_challenge has 43 to 128 letters, digits, - . _ or ~");
  }
  return { method: method ?? "plain", value };
}

function checkUnused(parameters: Parameters): void {
  oneOf(parameters, "require_role", ["personal", "work"]);
  for (const name of ["force_reapprove", "force_reauthentication", "disable_signup"]) {
    oneOf(parameters, name, ["true", "false"]);
  }
}

function oneOf<W extends string>(
  parameters: Parameters,
  name: string,
  words: readonly W[],
): W | undefined {
  const value = parameters.get(name);
  const found = words.find((candidate) => candidate === value);
  if (value === undefined || found !== undefined) return found;
  throw wrongUrl(`${name} is ${quoted(value)}, not ${words.join(" or ")}`);
}

function quoted(value: string): string {
  return `"${value.length > 100 ? `${value.slice(0, 100)}…` : value}"`;
}

function wrongUrl(reason: string): SnapError {
  return new SnapError("usage", `The authorisation URL cannot be used: ${reason}`);
}
