/** An app's key and its secret. */
export type AppCredentials = { readonly key: string; readonly secret: string };

/**
 * The credentials of Basic authentication; undefined where it is another kind or none, "malformed" where they cannot
 * be read.
 */
export function basicCredentials(
  authorization: string | null,
): AppCredentials | "malformed" | undefined {
  const basic = /^basic\s+(\S*)\s*$/i.exec(authorization ?? "")?.[1];
  if (basic === undefined) return undefined;
  const credentials = Buffer.from(basic, "base64").toString("utf8");
  const colon = credentials.indexOf(":");
  if (colon < 1) return "malformed";
  return {
    key: formDecoded(credentials.slice(0, colon)),
    secret: formDecoded(credentials.slice(colon + 1)),
  };
}

/** Credentials are form-encoded before they are joined (RFC 6749, 2.3.1); a broken escape stays as it is. */
function formDecoded(text: string): string {
  return new URLSearchParams(`text=${text.replaceAll("&", "%26")}`).get("text") ?? "";
}
