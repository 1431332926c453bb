import { SnapError } from "../../std/error.ts";
import { newNameTrouble, parseNames } from "../tree/place.ts";
import type { App } from "./apps.ts";
import { isPlainName } from "./plain-name.ts";
import { isRedirect } from "./redirect.ts";
import { allScopes } from "./scopes.ts";
import { hashOf } from "./secrets.ts";

/** An app to register (V15). */
export type NewApp = {
  readonly key: string;
  /** For people; the key where it is absent. */
  readonly name?: string | undefined;
  /** Absent for an app whose secret is not checked. */
  readonly secret?: string | undefined;
  /** Name of its folder below `/Apps`; absent for a full app. */
  readonly folder?: string | undefined;
  /** What it may ask for; absent for everything. */
  readonly scopes?: readonly string[] | undefined;
  /** Where alone the browser may be sent back to; absent or empty for anywhere on this machine. */
  readonly redirects?: readonly string[] | undefined;
};

const redirectsMax = 100;

/**
 * The app as it will be known.
 *
 * @throws {SnapError} `usage` when a part of it cannot be used.
 */
export function checkedApp({
  key,
  name = key,
  secret,
  folder,
  scopes,
  redirects = [],
}: NewApp): App {
  check(/^[\w-]{1,64}$/.test(key), "an app key has 1 to 64 letters, digits, - or _", key);
  check(isPlainName(name), "an app's name is one short line of text", name);
  // What a secret may be made of is the same in every way that clients encode it.
  check(
    secret === undefined || /^[\w.~-]{1,256}$/.test(secret),
    "a secret has letters, digits, . _ ~ or -",
  );
  const wrong = scopes?.find((scope) => !allScopes.includes(scope));
  check(wrong === undefined, "the scope is not known", wrong);
  check(scopes === undefined || scopes.length > 0, "an app needs a scope");
  const elsewhere = redirects.find((uri) => !isRedirect(uri));
  check(
    elsewhere === undefined,
    "a redirect is https, or http to this machine, without #",
    elsewhere,
  );
  check(redirects.length <= redirectsMax, `an app has at most ${redirectsMax} redirects`);
  return {
    key,
    name,
    isRegistered: true,
    secretHash: secret === undefined ? undefined : hashOf(secret),
    folder: folder === undefined ? undefined : folderName(folder),
    scopes: scopes === undefined ? undefined : [...new Set(scopes)],
    redirects: [...new Set(redirects)],
  };
}

function folderName(folder: string): string {
  const [name, ...others] = parseNames(`/${folder}`, "write") ?? [];
  const isName = name !== undefined && others.length === 0 && isPlainName(name);
  check(
    isName && newNameTrouble(name) === undefined,
    "an app folder has the name of one folder",
    folder,
  );
  return name ?? folder;
}

function check(isRight: boolean, rule: string, given?: string): void {
  if (isRight) return;
  const shown = given === undefined ? "" : `: "${given.slice(0, 80)}"`;
  throw new SnapError("usage", `The app cannot be registered: ${rule}${shown}`);
}
