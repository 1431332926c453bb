import type { Database } from "../store/database.ts";
import { text, textOrNone } from "../store/rows.ts";
import type { Row } from "../store/rows.ts";

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
  /** Where an authorisation may send the browser back to, besides loopback. */
  readonly redirects: readonly string[];
};

/** The app of a key, registered or not. */
export function appOf(database: Database, key: string): App {
  const row = database.first("SELECT * FROM apps WHERE key = ?", key);
  return row === undefined ? unregistered(key) : appFromRow(row);
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
