import { hash } from "node:crypto";
import type { Database } from "../store/database.ts";
import { text, textOrNone } from "../store/rows.ts";
import type { Row } from "../store/rows.ts";
import { allScopes } from "./scopes.ts";
import { hashOf, isSameText } from "./secrets.ts";

/** An app as the server knows it. A key that nobody registered is a full app with every scope (V17). */
export type App = {
  readonly key: string;
  readonly name: string;
  readonly isRegistered: boolean;
  /** SHA-256 of its secret in hex; undefined where any secret will do. */
  readonly secretHash: string | undefined;
  /** Name of its folder below `/Apps`; undefined for a full app (V16). */
  readonly folder: string | undefined;
  /** What it may ask for; undefined for everything. */
  readonly scopes: readonly string[] | undefined;
  /** Where alone an authorisation may send the browser back to; empty for anywhere on this machine. */
  readonly redirects: readonly string[];
};

/** The app of a key, registered or not. */
export function appOf(database: Database, key: string): App {
  const row = database.first("SELECT * FROM apps WHERE key = ?", key);
  return row === undefined ? unregistered(key) : appFromRow(row);
}

/** All registered apps, by key. */
export function listApps(database: Database): readonly App[] {
  return database.all("SELECT * FROM apps ORDER BY key").map(appFromRow);
}

/** Everything that the app may ask for. */
export function scopesOf({ scopes }: App): readonly string[] {
  return scopes ?? allScopes;
}

/** Whether it is the app's secret; where none is registered any will do, but not none (V17). */
export function isSecretOf({ secretHash }: App, secret: string | undefined): boolean {
  if (secret === undefined || secret === "") return false;
  return secretHash === undefined || isSameText(secretHash, hashOf(secret));
}

/** The number that texts for developers call an app by; always the same for a key. */
export function appNumber(key: string): number {
  return 1_000_000 + (hash("sha256", key, "buffer").readUInt32BE() % 9_000_000);
}

function unregistered(key: string): App {
  return {
    key,
    name: key,
    isRegistered: false,
    secretHash: undefined,
    folder: undefined,
    scopes: undefined,
    redirects: [],
  };
}

function appFromRow(row: Row): App {
  const redirects: readonly string[] = JSON.parse(text(row, "redirects"));
  return {
    key: text(row, "key"),
    name: text(row, "name"),
    isRegistered: true,
    secretHash: textOrNone(row, "secret"),
    folder: textOrNone(row, "folder"),
    scopes: textOrNone(row, "scopes")?.split(" "),
    redirects,
  };
}
