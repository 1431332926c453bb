import { tokenResponse } from "../wire/answer.ts";
import type { Page } from "../wire/pages.ts";
import { basicCredentials } from "./credentials.ts";
import { formBody } from "./form-body.ts";
import { oauthFailure, refused } from "./oauth-failure.ts";

/** `/oauth2/token`, and the form of it that older clients know (V19). */
export const tokenEndpoint: Page = {
  route: "oauth2/token",
  path: /^(?:\/1)?\/oauth2\/token$/,
  async run({ oauth, request }) {
    if (request.method !== "POST") throw refused("invalid_request", "the method must be POST");
    const parameters = await tokenParameters(request);
    try {
      return tokenResponse(oauth.token(parameters));
    } catch (error) {
      throw oauthFailure(error);
    }
  },
};

/**
 * Parameters come in the query, a form body, or in part as Basic authentication (fact sheet 2.2). The body goes before
 * the query; within one place nothing may come twice (RFC 6749, 3.2).
 */
async function tokenParameters(request: Request): Promise<ReadonlyMap<string, string>> {
  const query = onceEach(new URL(request.url).searchParams);
  const form = onceEach(await formBody(request));
  const parameters = new Map([...query, ...form]);
  const basic = basicCredentials(request.headers.get("authorization"));
  if (basic === "malformed") throw refused("invalid_request", "the authorization is malformed");
  if (basic === undefined) return parameters;
  return parameters.set("client_id", basic.key).set("client_secret", basic.secret);
}

function onceEach(parameters: URLSearchParams): ReadonlyMap<string, string> {
  const found = new Map(parameters);
  if (found.size === parameters.size) return found;
  throw refused("invalid_request", "a parameter is there twice");
}
