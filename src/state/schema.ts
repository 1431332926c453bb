import { SnapError } from "../std/error.ts";
import type { Connection } from "./connection.ts";
import { text } from "./row.ts";

/**
 * The steps from each schema version to the next (S13); their number is the version. A step is never changed once
 * it was released.
 *
 * Indexes on a place (parent with key or name) and on ids are not unique: a ring of renames passes through states
 * in which two nodes share a place, and a listing may name an id at its new place before the old one is gone.
 * The merge and the checker hold these rules, not the table. The lists of words are checked, so that a damaged word is
 * found by `quick_check`.
 */
const steps: readonly string[] = [
  `
  CREATE TABLE synced (
    node INTEGER PRIMARY KEY, parent INTEGER NOT NULL, kind TEXT NOT NULL CHECK (kind IN ('folder', 'file')),
    name TEXT NOT NULL, local_name TEXT, key TEXT NOT NULL, remote_id TEXT NOT NULL, rev TEXT NOT NULL, hash TEXT, size INTEGER NOT NULL,
    file_id TEXT NOT NULL, stamp TEXT NOT NULL, trusted INTEGER NOT NULL) STRICT;
  CREATE TABLE remote (
    node INTEGER PRIMARY KEY, parent INTEGER NOT NULL, kind TEXT NOT NULL CHECK (kind IN ('folder', 'file')),
    name TEXT NOT NULL, key TEXT NOT NULL,
    remote_id TEXT NOT NULL, rev TEXT NOT NULL, hash TEXT, size INTEGER NOT NULL, modified INTEGER NOT NULL,
    scope TEXT NOT NULL CHECK (scope IN ('in', 'ignored', 'refused'))) STRICT;
  CREATE TABLE local (
    node INTEGER PRIMARY KEY, parent INTEGER NOT NULL, kind TEXT NOT NULL CHECK (kind IN ('folder', 'file')),
    name TEXT NOT NULL, key TEXT NOT NULL,
    file_id TEXT NOT NULL, stamp TEXT NOT NULL, trusted INTEGER NOT NULL, size INTEGER NOT NULL, hash TEXT,
    absent_at INTEGER) STRICT;

  -- By parent alone the rows come in node order; by place they are found by key.
  CREATE INDEX synced_parent ON synced (parent);
  CREATE INDEX synced_place ON synced (parent, key);
  CREATE INDEX synced_remote_id ON synced (remote_id);
  CREATE INDEX synced_file_id ON synced (file_id);
  CREATE INDEX remote_parent ON remote (parent);
  CREATE INDEX remote_place ON remote (parent, key);
  CREATE INDEX remote_remote_id ON remote (remote_id);
  CREATE INDEX local_parent ON local (parent);
  CREATE INDEX local_place ON local (parent, key);

  CREATE TABLE history (
    seq INTEGER PRIMARY KEY, node INTEGER NOT NULL, rev TEXT NOT NULL, hash TEXT NOT NULL, UNIQUE (node, rev)) STRICT;
  CREATE TABLE intent (
    op TEXT PRIMARY KEY, kind TEXT NOT NULL, node INTEGER NOT NULL, detail TEXT NOT NULL) STRICT;
  CREATE TABLE upload (
    node INTEGER PRIMARY KEY, session TEXT NOT NULL, offset INTEGER NOT NULL, stamp TEXT NOT NULL) STRICT;
  CREATE TABLE parked (
    node INTEGER PRIMARY KEY, kind TEXT NOT NULL, path TEXT NOT NULL, reason TEXT NOT NULL,
    attempts INTEGER NOT NULL, next_at INTEGER NOT NULL) STRICT;

  CREATE TABLE restore (
    id TEXT PRIMARY KEY, kind TEXT NOT NULL CHECK (kind IN ('restore', 'undo', 'rollback')),
    state TEXT NOT NULL CHECK (state IN ('planned', 'saved', 'fenced', 'staged', 'committing', 'committed', 'handed',
      'pushed', 'verified', 'done', 'partial', 'not-done')),
    snapshot TEXT, options TEXT NOT NULL, digest TEXT NOT NULL, report TEXT, made_at INTEGER NOT NULL) STRICT;
  CREATE TABLE restore_item (
    restore TEXT NOT NULL, side TEXT NOT NULL CHECK (side IN ('local', 'remote')),
    path TEXT NOT NULL, step TEXT NOT NULL CHECK (step IN ('planned', 'staged', 'acting', 'acted', 'left')),
    expected TEXT NOT NULL, displaced TEXT, witness TEXT, rev TEXT, PRIMARY KEY (restore, side, path)) STRICT;
  CREATE TABLE fence (
    only INTEGER PRIMARY KEY CHECK (only = 1), restore TEXT NOT NULL) STRICT;

  CREATE TABLE oplog (
    seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, cycle INTEGER NOT NULL, op TEXT NOT NULL, kind TEXT NOT NULL,
    path TEXT NOT NULL, before TEXT NOT NULL, after TEXT NOT NULL, outcome TEXT NOT NULL) STRICT;
  CREATE INDEX oplog_at ON oplog (at);
  CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
  -- Node 0 is the top of every tree and has no row.
  CREATE TABLE node_counter (only INTEGER PRIMARY KEY CHECK (only = 1), next INTEGER NOT NULL) STRICT;
  INSERT INTO node_counter (only, next) VALUES (1, 1);
  `,
  `
  -- Nodes whose three entries may differ (S7): all of them, for a file that kept no such list.
  CREATE TABLE dirty (node INTEGER PRIMARY KEY) STRICT;
  INSERT INTO dirty SELECT node FROM synced UNION SELECT node FROM local UNION SELECT node FROM remote;

  CREATE TABLE hold (
    digest TEXT PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('mass-delete', 'mass-change', 'mass-rollback', 'mass-conflict')),
    items TEXT NOT NULL, state TEXT NOT NULL CHECK (state IN ('open', 'confirmed')), made_at INTEGER NOT NULL) STRICT;
  CREATE TABLE token (restore TEXT PRIMARY KEY, made_at INTEGER NOT NULL) STRICT;
  CREATE TABLE token_item (
    node INTEGER PRIMARY KEY, restore TEXT NOT NULL REFERENCES token (restore) ON DELETE CASCADE, want TEXT NOT NULL) STRICT;
  CREATE INDEX token_item_restore ON token_item (restore);

  -- What a download displaced, until it is sure that nobody writes to it any more (S65).
  CREATE TABLE displaced (
    area TEXT NOT NULL, path TEXT NOT NULL, stamp TEXT NOT NULL, hash TEXT NOT NULL, since INTEGER NOT NULL,
    PRIMARY KEY (area, path)) STRICT;
  -- Folders that stay for what is not ours in them, by file id, or by path where there is none (S70).
  CREATE TABLE leftover (mark TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
  -- Files whose bytes changed by themselves (S28).
  CREATE TABLE damaged (node INTEGER PRIMARY KEY, stamp TEXT NOT NULL, hash TEXT NOT NULL) STRICT;
  -- Ids that a listing of everything has named so far (S34).
  CREATE TABLE listed (remote_id TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
  -- What is to be told of nodes of the server, and of what it shows in places that no tree may hold.
  CREATE TABLE remote_note (
    node INTEGER PRIMARY KEY, kind TEXT NOT NULL CHECK (kind IN ('repository', 'refused', 'excluded')), reason TEXT NOT NULL) STRICT;
  CREATE TABLE refusal (place TEXT PRIMARY KEY, path TEXT NOT NULL, reason TEXT NOT NULL) STRICT, WITHOUT ROWID;
  -- A file without these tables says nothing of both: everything is listed and judged once more.
  DELETE FROM meta WHERE key IN ('cursor', 'rules_digest');

  CREATE INDEX local_unhashed ON local (node) WHERE kind = 'file' AND hash IS NULL;
  CREATE INDEX local_unproven ON local (node) WHERE kind = 'file' AND (hash IS NULL OR trusted = 0);
  CREATE INDEX local_folders ON local (node) WHERE kind = 'folder';
  CREATE INDEX remote_unlisted ON remote (node) WHERE remote_id = '';
  `,
  `
  -- Parts of a concurrent session come in any order (S57), as in "0-8388608 12582912-16777216". When a session of before began is not known.
  ALTER TABLE upload ADD COLUMN kind TEXT NOT NULL DEFAULT 'sequential' CHECK (kind IN ('sequential', 'concurrent'));
  ALTER TABLE upload ADD COLUMN acknowledged TEXT NOT NULL DEFAULT '';
  ALTER TABLE upload ADD COLUMN started_at INTEGER NOT NULL DEFAULT 0;
  UPDATE upload SET acknowledged = '0-' || offset;
  ALTER TABLE upload DROP COLUMN offset;
  `,
  `
  -- Only of what is copied on the server in place of an upload (S58): small files are not worth an entry each.
  CREATE INDEX remote_content ON remote (hash) WHERE size >= 1048576;
  `,
];

/** What `migrate` brings a file to. */
export const schemaVersionNewest: number = steps.length;

/**
 * The version of the file, 0 for an empty one; SQLite's own `user_version` keeps it (S13).
 *
 * @throws {SnapError} `version-too-new`
 */
export function schemaVersion(connection: Connection): number {
  const version = connection.pragma("user_version");
  if (typeof version === "number" && version <= steps.length) return version;
  throw new SnapError(
    "version-too-new",
    `The index was written by a newer snap: "${connection.path}"`,
    { path: connection.path, hint: "Update snap, then try again." },
  );
}

/** Bring the file to the newest schema, in one transaction (S13). */
export function migrate(connection: Connection): void {
  const version = schemaVersion(connection);
  if (version === steps.length) return;
  connection.transaction(() => {
    for (const step of steps.slice(version)) connection.execute(step);
    connection.execute(`PRAGMA user_version = ${steps.length}`);
  });
}

/**
 * Look through the whole file (S11).
 *
 * @throws {SnapError} `damaged`
 */
export function refuseDamage(connection: Connection): void {
  const result = connection.pragma("quick_check(1)");
  if (result === "ok") return;
  throw new SnapError("damaged", `The index is damaged: "${connection.path}" (${String(result)})`, {
    path: connection.path,
  });
}

/**
 * Views and triggers would run code of a stranger inside our own statements (X26); no version of ours has any.
 *
 * @throws {SnapError} `damaged`
 */
export function refuseForeignCode(connection: Connection): void {
  const planted = connection
    .prepare("SELECT name FROM sqlite_schema WHERE type IN ('view', 'trigger') LIMIT 1")
    .get((row) => text(row, "name"));
  if (planted === undefined) return;
  throw new SnapError("damaged", `The index holds foreign code: "${connection.path}"`, {
    path: connection.path,
    hint: "Run snap sync: the index is put aside and started anew.",
  });
}
