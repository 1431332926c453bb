import { isLoopback } from "../front/hosts.ts";
import type { App } from "./apps.ts";

/** Hosts may have other characters in them, but such as `;` and `*` would change a content security policy. */
const hostPattern = /^(?:[\w.-]+|\[[\da-f:.]+\])$/;

/**
 * An absolute address that a browser may be sent to with a code or a token: https anywhere, or http to this machine.
 * Without credentials, fragment, or characters that parsers disagree about.
 */
export function isRedirect(uri: string): boolean {
  if (!/^https?:\/\/[\x21-\x7e]+$/i.test(uri) || /[\\#]/.test(uri)) return false;
  const url = URL.parse(uri);
  if (url === null || url.username !== "" || url.password !== "") return false;
  if (!hostPattern.test(url.hostname)) return false;
  return url.protocol === "https:" || isLoopback(hostIn(url));
}

/** Whether an app may have the browser sent there: exactly as registered, or, with nothing registered, to this machine. */
export function isRedirectOf({ redirects }: App, uri: string): boolean {
  if (redirects.length > 0) return redirects.includes(uri);
  return isRedirect(uri) && isLoopback(hostIn(new URL(uri)));
}

function hostIn({ hostname }: URL): string {
  return hostname.replace(/^\[(.*)\]$/, "$1");
}

/** Names and values that go back to the app; those that are undefined are left out. */
export type RedirectValues = Readonly<Record<string, string | undefined>>;

/**
 * The address with values in its query or fragment. The rest stays byte for byte; a space is `%20`, which every way of
 * decoding takes back to a space.
 */
export function withValues(
  uri: string,
  place: "query" | "fragment",
  values: RedirectValues,
): string {
  const pairs = Object.entries(values).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${encodeURIComponent(value)}`],
  );
  const joint = place === "fragment" ? "#" : uri.includes("?") ? "&" : "?";
  return `${uri}${joint}${pairs.join("&")}`;
}

/** The source of a content security policy that lets a form end there; it has no form for an IPv6 address. */
export function policySource(uri: string): string {
  const url = new URL(uri);
  return url.hostname.startsWith("[") ? url.protocol : url.origin;
}
