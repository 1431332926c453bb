import { isIP, isIPv4 } from "node:net";
import { SnapError } from "../../std/error.ts";

/** First labels that clients put before a domain: `api.example.org`, or `api-example.org` (fact sheet 6.1–6.4). */
const labels = ["api", "content", "api-content", "notify", "bolt", "www", "meta"] as const;

/** The hosts of the real service; the page for consent is also asked for without `www`. */
const dropboxHosts: readonly string[] = [
  "dropbox.com",
  "dropboxapi.com",
  ...["dropbox.com", "dropboxapi.com"].flatMap((domain) =>
    labels.map((label) => `${label}.${domain}`),
  ),
  "dl.dropboxusercontent.com",
];

/** The domains of the real service: a CA that may speak for them may speak for their hosts. */
export const dropboxDomains: readonly string[] = [
  "dropbox.com",
  "dropboxapi.com",
  "dropboxusercontent.com",
];

/** Every host that the server answers for besides the loopback ones, in lower case, addresses without brackets. */
export type ServedHosts = ReadonlySet<string>;

/** The hosts of the real service, and each name with the forms that clients make of it. */
export function servedHosts(names: readonly string[]): ServedHosts {
  return new Set([...dropboxHosts, ...names.flatMap((name) => formsOf(name))]);
}

/** What clients make of a name: an address stays, a domain also gets each label in front, with a dot or a hyphen. */
export function formsOf(name: string): readonly string[] {
  if (isIP(name) !== 0) return [name];
  return [name, ...labels.flatMap((label) => [`${label}.${name}`, `${label}-${name}`])];
}

/** Names that a host may have on the wire: at most 63 characters a label, and 253 with room for `api-content.`. */
const namePattern =
  /^(?=.{1,241}$)[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*$/;

/** Room in a first label for `api-content-`. */
const firstLabelMax = 51;

/**
 * A name to serve, as the user gave it: a host name or an address, without port.
 *
 * @throws {SnapError} `usage` when it is neither.
 */
export function parseServedName(text: string): string {
  const name = text.toLowerCase();
  const host = hostOf(isIP(name) === 6 ? `[${name}]` : name);
  if (host !== undefined && isIP(host) !== 0 && isIP(name) !== 0) return host;
  const [first = ""] = name.split(".");
  // What ends in a number is read as an address by clients, so it cannot be a name.
  if (host === name && namePattern.test(name) && first.length <= firstLabelMax) return name;
  throw new SnapError("usage", `Not a host name: "${text}"`, {
    hint: "Give a name like box.example.org, or an address, without scheme, port and path.",
  });
}

/**
 * The host of a `Host` header without port, as browsers write it: lower case, addresses in their plain form and
 * without brackets, no dot at the end. Undefined for anything that is no host.
 */
export function hostOf(header: string): string | undefined {
  if (!/^[\w.:[\]-]+$/.test(header)) return undefined;
  const url = URL.parse(`http://${header}`);
  if (url === null || url.username !== "" || url.hostname === "") return undefined;
  return url.hostname.replace(/^\[(.*)\]$/, "$1").replace(/\.$/, "");
}

/** This machine under a name or an address that nobody else can hand out. */
export function isLoopback(host: string): boolean {
  if (host === "localhost" || host.endsWith(".localhost") || host === "::1") return true;
  return isIPv4(host) && host.startsWith("127.");
}

/**
 * Whether a request with this `Host` is meant for the server. A page of somebody else's that had its own name point
 * to this machine (DNS rebinding) comes with that name, and is turned away (V77).
 */
export function isServed(header: string, hosts: ServedHosts): boolean {
  const host = hostOf(header);
  return host !== undefined && (isLoopback(host) || hosts.has(host));
}

/** Where a front listens, and what protects it. */
export type Binding = {
  readonly host: string;
  readonly isTls: boolean;
  readonly bindToken?: string | undefined;
};

/**
 * Whoever reaches the port could authorise an app, so others than this machine only get to it over TLS, and to the
 * consent page only with a token (V76).
 *
 * @throws {SnapError} `usage` when one of the two is missing.
 */
export function checkBinding({ host, isTls, bindToken }: Binding): void {
  if (isLoopback(host.toLowerCase())) return;
  if (!isTls) {
    throw new SnapError(
      "usage",
      `Without TLS the server only listens on this machine, not on "${host}"`,
      {
        hint: "Leave --http out, or listen on 127.0.0.1.",
      },
    );
  }
  if (bindToken === undefined || bindToken.trim() === "") {
    throw new SnapError(
      "usage",
      `To listen on "${host}" the server needs a token for its consent page`,
      {
        hint: "Give one with --bind-token: who authorises an app has to know it.",
      },
    );
  }
}
