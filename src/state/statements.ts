import { present } from "../std/assert.ts";
import type { Connection, Statement } from "./connection.ts";

/** Synced states of a file that are kept (S7). */
export const historyMax = 16;

/** A bare parameter as a limit would have SQLite prepare the statement anew at each call, hence the signs. */
const sql = {
  countNode: "UPDATE node_counter SET next = next + 1",
  lastNode: "SELECT next - 1 AS node FROM node_counter",

  meta: "SELECT value FROM meta WHERE key = ?",
  setMeta:
    "INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
  removeMeta: "DELETE FROM meta WHERE key = ?",

  remoteByRemoteId: "SELECT node FROM remote WHERE remote_id = ? ORDER BY node LIMIT 1",
  syncedByRemoteId: "SELECT node FROM synced WHERE remote_id = ? ORDER BY node LIMIT 1",
  syncedByFileId: "SELECT node FROM synced WHERE file_id = ? ORDER BY node LIMIT 1",
  allSyncedByFileId: "SELECT node FROM synced WHERE file_id = ? ORDER BY node LIMIT +?",

  remoteByContent:
    "SELECT node FROM remote WHERE hash = ? AND size >= 1048576 ORDER BY node LIMIT +?",

  dirty: "SELECT node FROM dirty WHERE node > ? ORDER BY node LIMIT +?",
  dirtyOnServerOnly: `SELECT node FROM dirty WHERE node > ? AND EXISTS (SELECT 1 FROM remote WHERE remote.node = dirty.node)
    AND NOT EXISTS (SELECT 1 FROM local WHERE local.node = dirty.node)
    AND NOT EXISTS (SELECT 1 FROM synced WHERE synced.node = dirty.node) ORDER BY node LIMIT +?`,
  dirtyCount: "SELECT count(*) AS count FROM dirty",
  markDirty: "INSERT OR IGNORE INTO dirty (node) VALUES (?)",
  clearDirty: "DELETE FROM dirty WHERE node = ?",
  unproven: `SELECT * FROM local WHERE kind = 'file' AND (hash IS NULL OR trusted = 0) AND node > ?
    ORDER BY node LIMIT +?`,
  unprovenTotals: `SELECT count(*) AS files, ifnull(sum(size), 0) AS bytes FROM local
    WHERE kind = 'file' AND (hash IS NULL OR trusted = 0)`,
  localFolders: "SELECT node FROM local WHERE kind = 'folder' AND node > ? ORDER BY node LIMIT +?",
  unhashed:
    "SELECT node FROM local WHERE kind = 'file' AND hash IS NULL AND node > ? ORDER BY node LIMIT +?",

  intents: "SELECT op, kind, node, detail FROM intent ORDER BY node, op",
  putIntent: "INSERT OR REPLACE INTO intent (op, kind, node, detail) VALUES (?, ?, ?, ?)",
  removeIntent: "DELETE FROM intent WHERE op = ?",

  upload: "SELECT node, session, kind, acknowledged, stamp, started_at FROM upload WHERE node = ?",
  putUpload: `INSERT OR REPLACE INTO upload (node, session, kind, acknowledged, stamp, started_at)
    VALUES (?, ?, ?, ?, ?, ?)`,
  removeUpload: "DELETE FROM upload WHERE node = ?",

  parked: "SELECT node, kind, path, reason, attempts, next_at FROM parked ORDER BY node",
  putParked:
    "INSERT OR REPLACE INTO parked (node, kind, path, reason, attempts, next_at) VALUES (?, ?, ?, ?, ?, ?)",
  removeParked: "DELETE FROM parked WHERE node = ?",

  history: "SELECT rev, hash FROM history WHERE node = ? ORDER BY seq DESC LIMIT +?",
  removeHistory: "DELETE FROM history WHERE node = ? AND rev = ?",
  addHistory: "INSERT INTO history (node, rev, hash) VALUES (?, ?, ?)",
  trimHistory: `DELETE FROM history WHERE node = ? AND seq NOT IN
    (SELECT seq FROM history WHERE node = ? ORDER BY seq DESC LIMIT +?)`,

  log: `INSERT INTO oplog (at, cycle, op, kind, path, before, after, outcome)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
  logged: `SELECT at, cycle, op, kind, path, before, after, outcome FROM oplog ORDER BY seq DESC LIMIT +?`,
  loggedAt: `SELECT at, cycle, op, kind, path, before, after, outcome FROM oplog
    WHERE path = :path OR substr(path, 1, length(:path) + 1) = :path || '/'
      OR substr(before, 1, length(:path) + 1) IN (:path || '/', :path || ' ')
    ORDER BY seq DESC LIMIT +:limit`,
} as const;

/** The name of a kept statement. */
export type StatementName = keyof typeof sql;

/** The statements of everything in the index but its trees, prepared once and kept. */
export function prepareStatements(connection: Connection): (name: StatementName) => Statement {
  const statements = new Map(
    Object.entries(sql).map(([name, text]) => [name, connection.prepare(text)]),
  );
  return (name) => present(statements.get(name), name);
}
