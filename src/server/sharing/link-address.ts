import { isSameText } from "../accounts/secrets.ts";
import { nameOf } from "../tree/node.ts";
import type { Node } from "../tree/node.ts";
import type { SharedLink } from "./shared-links.ts";

/** What the address of a shared link says. */
export type LinkAddress = {
  readonly id: string;
  /** Proof that whoever asks was given the link. */
  readonly secret: string;
  /** Path of something in the linked folder: empty, or beginning with "/". */
  readonly below: string;
};

/** Paths of the addresses that this server makes: a file's ends in its name, a folder's goes on in the folder. */
const linkPath = /^\/scl\/(?:fi\/([\w-]+)\/[^/]*|fo\/([\w-]+)\/h(\/.*)?)$/;

/** Paths of addresses that the service has made in earlier years: well formed, and never known here. */
const formerPath = /^\/(?:s|sh)\/\w+/;

/** Domains that links of the service are known by. */
const serviceDomains: readonly string[] = ["dropbox.com", "dropboxapi.com"];

/** The address of a link, or of something inside the linked folder. */
export function linkUrl(
  base: string,
  link: SharedLink,
  { node, below }: { readonly node: Node; readonly below: string },
): string {
  const inside = below.split("/").map(encodeURIComponent).join("/");
  const path =
    node.kind === "file" && below === ""
      ? `fi/${link.id}/${encodeURIComponent(nameOf(node.display))}`
      : `fo/${link.id}/h${inside}`;
  return `${base}/scl/${path}?rlkey=${link.secret}&dl=0`;
}

/** Reads the address of a request; undefined where it is none of a link's. */
export function addressOf(url: URL): LinkAddress | undefined {
  const parts = linkPath.exec(url.pathname);
  const [, file, folder, below = ""] = parts ?? [];
  const id = file ?? folder;
  const inside = decoded(below);
  if (id === undefined || inside === undefined) return undefined;
  return { id, secret: url.searchParams.get("rlkey") ?? "", below: inside };
}

/**
 * Reads an address as a client hands it over: "malformed" for what cannot be a link of this server, "former" for the
 * forms of earlier years.
 */
export function parseLinkUrl(text: string, called: URL): LinkAddress | "malformed" | "former" {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol) || !isLinkHost(url.hostname, called)) {
    return "malformed";
  }
  if (formerPath.test(url.pathname)) return "former";
  url.pathname = url.pathname.replace(/^\/(?:api|content|notify|www)(?=\/scl\/)/, "");
  return addressOf(url) ?? "malformed";
}

/** The host of this call, this machine, or one of the service's. */
function isLinkHost(host: string, called: URL): boolean {
  if (host === called.hostname || host === "localhost" || host === "[::1]") return true;
  if (/^127(?:\.\d+){3}$/.test(host)) return true;
  return serviceDomains.some((domain) => host === domain || host.endsWith(`.${domain}`));
}

/** Whether an address carries the secret of the link. */
export function opens({ secret }: LinkAddress, link: SharedLink): boolean {
  return isSameText(secret, link.secret);
}

/** A path out of an address; undefined where its escapes are broken. */
function decoded(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    // Not UTF-8: nothing here has such a name.
    return undefined;
  }
}
