import { createHash } from "node:crypto";
import type { Answer } from "./checked-server.ts";
import type { Fetch } from "./consent-visit.ts";

/** A verifier for PKCE, as `authorizeUrl` has the challenge of. */
export const verifier: string = "v".repeat(64);

const challenge = createHash("sha256").update(verifier).digest("base64url");

/** The address that an app with the key "key" opens for a code with a refresh token, by PKCE. */
export function authorizeUrl(more: Readonly<Record<string, string>> = {}): URL {
  const url = new URL("https://www.dropbox.com/oauth2/authorize");
  const parameters = {
    client_id: "key",
    response_type: "code",
    token_access_type: "offline",
    code_challenge: challenge,
    code_challenge_method: "S256",
    ...more,
  };
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  return url;
}

/** The parameters that redeem a code of `authorizeUrl`, but for the code. */
export const exchange = {
  grant_type: "authorization_code",
  client_id: "key",
  code_verifier: verifier,
} as const;

/** The header of Basic authentication. */
export function basic(key: string, secret: string): string {
  return `Basic ${btoa(`${key}:${secret}`)}`;
}

/** What is sent to the token endpoint. */
export type TokenCall = {
  readonly fetch: Fetch;
  readonly body: Readonly<Record<string, string>>;
  readonly authorization?: string | undefined;
};

/** Call the token endpoint with a form. */
export async function callToken({
  fetch,
  body,
  authorization,
}: TokenCall): Promise<Omit<Answer, "text">> {
  const response = await fetch("https://api.dropboxapi.com/oauth2/token", {
    method: "POST",
    body: new URLSearchParams(body),
    headers: authorization === undefined ? {} : { authorization },
  });
  const json: Answer["json"] = await response.json();
  return { status: response.status, headers: response.headers, json };
}
