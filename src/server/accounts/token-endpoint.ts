import { Body } from "../wire/body.ts";
import { tokenResponse } from "../wire/answer.ts";
import { BadCall, HttpFailure } from "../wire/failure.ts";
import type { Page } from "../wire/pages.ts";

/** `/oauth2/token`, and the form of it that older clients know (V19). */
export const tokenEndpoint: Page = {
  route: "oauth2/token",
  path: /^(?:\/1)?\/oauth2\/token$/,
  async run({ oauth, request }) {
    if (request.method !== "POST") throw new BadCall("Expecting method POST");
    return tokenResponse(oauth.token(await tokenParameters(request)));
  },
};

const tokenBodyBytesMax = 64 * 1024;

/** Parameters come in the query, a form body, or in part as Basic authentication (fact sheet 2.2). */
async function tokenParameters(request: Request): Promise<URLSearchParams> {
  const parameters = new URL(request.url).searchParams;
  const tooLong = (): Error => new HttpFailure(400, { error: "invalid_request" });
  const body = await new Body(request, { bytesMax: tokenBodyBytesMax, tooLong }).rest();
  const isForm = request.headers.get("content-type")?.includes("form-urlencoded") ?? false;
  const form = new URLSearchParams(isForm ? Buffer.from(body).toString("utf8") : "");
  for (const [name, value] of form) parameters.set(name, value);
  const basic = basicCredentials(request);
  if (basic !== undefined) {
    parameters.set("client_id", basic.key);
    parameters.set("client_secret", basic.secret);
  }
  return parameters;
}

/** An app's key and its secret. */
export type AppCredentials = { readonly key: string; readonly secret: string };

/** The credentials of Basic authentication; undefined where there is none. */
export function basicCredentials(request: Request): AppCredentials | undefined {
  const basic = /^basic\s+(\S+)$/i.exec(request.headers.get("authorization") ?? "")?.[1];
  if (basic === undefined) return undefined;
  const credentials = Buffer.from(basic, "base64").toString("utf8");
  const colon = credentials.indexOf(":");
  if (colon < 0) throw new HttpFailure(400, { error: "invalid_request" });
  return {
    key: formDecoded(credentials.slice(0, colon)),
    secret: formDecoded(credentials.slice(colon + 1)),
  };
}

/** Credentials are form-encoded before they are joined (RFC 6749, 2.3.1); a broken escape stays as it is. */
function formDecoded(text: string): string {
  return new URLSearchParams(`text=${text.replaceAll("&", "%26")}`).get("text") ?? "";
}
