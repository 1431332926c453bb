import { nowOf } from "./call.ts";
import type { Services } from "./call.ts";
import type { Account } from "../accounts/account.ts";
import type { RouteType } from "./definition.ts";
import { BadCall, HttpFailure, nested, tag } from "./failure.ts";
import type { JsonObject, Tagged } from "./failure.ts";
import type { OAuth } from "../accounts/oauth.ts";
import { basicCredentials } from "../accounts/token-endpoint.ts";
import type { App } from "../accounts/apps.ts";
import type { Route } from "./routes.ts";
import { isObject } from "./schema.ts";
import { viewOf } from "../tree/view.ts";
import type { View } from "../tree/view.ts";
import { allows } from "../accounts/tokens.ts";
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
export type Recognition = { readonly services: Services; readonly oauth: OAuth };

/**
 * Who calls, with the right to call this route (V20, V21).
 *
 * @throws {BadCall} for an authorisation of another kind, or none; {HttpFailure} 401, and 422 for another root.
 */
export function authenticate(
  request: Request,
  { type, route }: Called,
  { services, oauth }: Recognition,
): Caller {
  if (route.nobody !== undefined) return nobody(request);
  const basic = route.app === undefined ? undefined : basicCredentials(request);
  if (basic !== undefined) return { kind: "app", app: oauth.appWithSecret(basic) };
  const bearer = authorisedBearer(request, type, services);
  return { kind: "user", bearer, view: viewOf(bearer.account.namespace, bearer.app.folder) };
}

/** Longpoll wants no authorisation, and says so. */
function nobody(request: Request): Caller {
  if (!request.headers.has("authorization")) return { kind: "nobody" };
  throw new BadCall(
    "Your request includes an Authorization header, but this function does not use it.",
  );
}

function authorisedBearer(request: Request, type: RouteType, services: Services): Bearer {
  const bearer = services.tokens.bearer(bearerToken(request), nowOf(services));
  if (bearer === undefined) throw authFailure("invalid_access_token", services.rng);
  if (bearer === "expired") throw authFailure("expired_access_token", services.rng);
  if (type.scope !== null && !allows(bearer.scopes, type.scope)) {
    throw authFailure("missing_scope", services.rng, { required_scope: type.scope });
  }
  checkPathRoot(request, bearer.account, services);
  return bearer;
}

function bearerToken(request: Request): string {
  const header = request.headers.get("authorization");
  const given = header ?? new URL(request.url).searchParams.get("authorization");
  if (given === null) {
    throw new BadCall('Must provide HTTP header "Authorization" or URL parameter "authorization".');
  }
  const token = /^bearer\s+(\S+)\s*$/i.exec(given)?.[1];
  if (token !== undefined) return token;
  // The value is not repeated: it may be a secret that was only put into the wrong form (V78).
  throw new BadCall(
    'Invalid authorization value in HTTP header "Authorization".  Expecting "Bearer <oauth2-access-token>".',
  );
}

/** A full app may name its own namespace in each of the three forms (V16); anything else is 422. */
function checkPathRoot(request: Request, account: Account, { rng }: Services): void {
  const header = request.headers.get("dropbox-api-path-root");
  if (header === null) return;
  const root = pathRoot(header);
  const own = String(account.namespace);
  const name = root[".tag"];
  if (name === "root" && root["root"] !== own) {
    throw new HttpFailure(422, errorEnvelope(invalidRoot(own), rng));
  }
  if (name === "namespace_id" && root["namespace_id"] !== own) {
    throw new HttpFailure(422, errorEnvelope(tag("no_permission"), rng));
  }
}

const pathRootTags: readonly unknown[] = ["home", "root", "namespace_id"];

function pathRoot(header: string): JsonObject {
  const value = parseJson(header);
  if (isObject(value) && pathRootTags.includes(value[".tag"])) return value;
  throw new BadCall('HTTP header "Dropbox-API-Path-Root": expected a path root');
}

function invalidRoot(namespace: string): Tagged {
  return nested("invalid_root", {
    ".tag": "user",
    root_namespace_id: namespace,
    home_namespace_id: namespace,
  });
}
