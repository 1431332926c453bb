import { nowOf } from "./call.ts";
import type { Services } from "./call.ts";
import type { Account } from "../accounts/account.ts";
import type { RouteType } from "./definition.ts";
import { BadCall, HttpFailure, nested, tag } from "./failure.ts";
import type { JsonObject, Tagged } from "./failure.ts";
import { isObject } from "./schema.ts";
import { allows } from "../accounts/tokens.ts";
import type { Bearer } from "../accounts/tokens.ts";
import { authFailure, errorEnvelope, parseJson } from "./answer.ts";

/**
 * Who calls, with the right to call this route (V20, V21).
 *
 * @throws {BadCall} without a bearer token; {HttpFailure} 401, and 422 for another root.
 */
export function authenticate(request: Request, type: RouteType, services: Services): Bearer {
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
