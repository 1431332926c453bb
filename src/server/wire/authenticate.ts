import { Argument } from "./argument.ts";
import type { Choice } from "./argument.ts";
import { nowOf } from "./call.ts";
import type { Services } from "./call.ts";
import type { RouteType } from "./definition.ts";
import { BadCall, HttpFailure, nested, tag } from "./failure.ts";
import { rootInfo } from "../accounts/account.ts";
import type { OAuth } from "../accounts/oauth.ts";
import { basicCredentials } from "../accounts/credentials.ts";
import { appNumber } from "../accounts/apps.ts";
import type { App } from "../accounts/apps.ts";
import type { Route } from "./routes.ts";
import type { Schema } from "./schema.ts";
import { accountView } from "../tree/view.ts";
import type { Beginning, View } from "../tree/view.ts";
import { allows } from "../accounts/scopes.ts";
import type { Bearer } from "../accounts/tokens.ts";
import { authFailure, errorEnvelope, parseJson } from "./answer.ts";

/** Who calls: an app for an account, an app for itself, or nobody that needs to be known. */
export type Caller =
  | { readonly kind: "user"; readonly bearer: Bearer; readonly view: View }
  | { readonly kind: "app"; readonly app: App }
  | { readonly kind: "nobody" };

/** The route that is called. */
export type Called = { readonly type: RouteType; readonly route: Route };

/** What callers are recognised by. */
export type Recognition = {
  readonly services: Services;
  readonly oauth: OAuth;
  readonly schema: Schema;
};

/**
 * Who calls, with the right to call this route (V20, V21).
 *
 * @throws {BadCall} for an authorisation of another kind, or none; {HttpFailure} 401, and 422 for another root.
 */
export function authenticate(
  request: Request,
  { type, route }: Called,
  { services, oauth, schema }: Recognition,
): Caller {
  if (route.nobody !== undefined) return nobody(request);
  const authorization = authorizationOf(request);
  const basic = route.app === undefined ? undefined : basicCredentials(authorization);
  if (basic === "malformed" || (basic === undefined && route.user === undefined)) {
    throw wrongAuthorization("Basic <base64 of app_key:app_secret>");
  }
  if (basic !== undefined) return { kind: "app", app: oauth.appWithSecret(basic) };
  const bearer = bearerOf(authorization, services);
  checkScope(bearer, type, services);
  const from = beginningOf(request, bearer, { services, schema });
  const view = accountView(bearer.account, { appFolder: bearer.app.folder, from });
  return { kind: "user", bearer, view };
}

/** Longpoll wants no authorisation, and says so. */
function nobody(request: Request): Caller {
  if (!request.headers.has("authorization")) return { kind: "nobody" };
  throw new BadCall(
    "Your request includes an Authorization header, but this function does not use it.",
  );
}

/** From the header, or from the URL, as browsers send it where headers would cost them a preflight (fact sheet 1.2). */
function authorizationOf(request: Request): string {
  const header = request.headers.get("authorization");
  const given = header ?? new URL(request.url).searchParams.get("authorization");
  if (given !== null) return given;
  throw new BadCall('Must provide HTTP header "Authorization" or URL parameter "authorization".');
}

function bearerOf(authorization: string, services: Services): Bearer {
  const token = /^bearer\s+(\S+)\s*$/i.exec(authorization)?.[1];
  if (token === undefined) throw wrongAuthorization("Bearer <oauth2-access-token>");
  const bearer = services.tokens.bearer(token, nowOf(services));
  if (bearer === undefined) throw authFailure("invalid_access_token", services.rng);
  if (bearer === "expired") throw authFailure("expired_access_token", services.rng);
  return bearer;
}

/** The value is not repeated: it may be a secret that was only put into the wrong form (V78). */
function wrongAuthorization(expected: string): BadCall {
  return new BadCall(
    `Invalid authorization value in HTTP header "Authorization".  Expecting "${expected}".`,
  );
}

/** What the app itself may not do is its developer's matter, in a text; what the token may not, the client's (V21). */
function checkScope({ app, scopes }: Bearer, { scope }: RouteType, { rng }: Services): void {
  if (scope === null) return;
  if (app.scopes !== undefined && !allows(app.scopes, scope)) {
    throw new BadCall(
      `Your app (ID: ${appNumber(app.key)}) is not permitted to access this endpoint because it does not have ` +
        `the required scope '${scope}'. The owner of the app can enable the scope for the app using the ` +
        "Permissions tab on the App Console.",
    );
  }
  if (!allows(scopes, scope)) throw authFailure("missing_scope", rng, { required_scope: scope });
}

/**
 * Where the paths of a call begin. A full app may name the root or the home of the account in each of the three forms
 * (V16); anything else is 422. An app with a folder has no other root to choose.
 */
function beginningOf(
  request: Request,
  { account, app }: Bearer,
  { services: { rng }, schema }: Pick<Recognition, "services" | "schema">,
): Beginning {
  const header = request.headers.get("dropbox-api-path-root");
  if (header === null) return "home";
  if (app.folder !== undefined) throw new BadCall("Path root is not supported for sandbox app");
  const { name, value } = pathRoot(header, schema);
  if (name === "home") return "home";
  if (value === String(account.teamRoot ?? account.namespace)) return "root";
  if (name === "namespace_id" && value === String(account.namespace)) return "home";
  const failure =
    name === "root" ? nested("invalid_root", rootInfo(account)) : tag("no_permission");
  throw new HttpFailure(422, errorEnvelope(failure, rng));
}

function pathRoot(header: string, schema: Schema): Choice {
  try {
    const root = schema.check({ ref: "common.PathRoot" }, parseJson(header));
    return new Argument({ root }).choice("root");
  } catch (error) {
    if (!(error instanceof BadCall)) throw error;
    throw new BadCall(`HTTP header "Dropbox-API-Path-Root": ${error.message}`);
  }
}
