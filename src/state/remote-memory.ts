import type { NodeId } from "../core/tree/node.ts";
import type { Refusal, RemoteMemory, RemoteNote } from "../core/tree/remote-memory.ts";
import { present } from "../std/assert.ts";
import type { Connection, Statement } from "./connection.ts";
import { nodeOf } from "./index-rows.ts";
import { integer, oneOf, text, type Row } from "./row.ts";

const sql = {
  clearListed: "DELETE FROM listed",
  clearRefusals: "DELETE FROM refusal",
  noteListed: "INSERT OR IGNORE INTO listed (remote_id) VALUES (?)",
  unnamedLeaves: `SELECT node FROM remote WHERE node < ? AND remote_id <> ''
    AND NOT EXISTS (SELECT 1 FROM listed WHERE listed.remote_id = remote.remote_id)
    AND NOT EXISTS (SELECT 1 FROM remote AS child WHERE child.parent = remote.node)
    ORDER BY node DESC LIMIT +?`,
  unnamed: `SELECT node FROM remote WHERE remote_id <> ''
    AND NOT EXISTS (SELECT 1 FROM listed WHERE listed.remote_id = remote.remote_id) ORDER BY node LIMIT +?`,
  unlisted: "SELECT node FROM remote WHERE remote_id = '' ORDER BY node LIMIT +?",
  notes: "SELECT node, kind, reason FROM remote_note ORDER BY node",
  putNote: "INSERT OR REPLACE INTO remote_note (node, kind, reason) VALUES (?, ?, ?)",
  removeNote: "DELETE FROM remote_note WHERE node = ? AND kind <> 'excluded'",
  moveNote: "UPDATE OR REPLACE remote_note SET node = ? WHERE node = ?",
  removeNotes: "DELETE FROM remote_note WHERE kind <> 'excluded'",
  removeAnnouncements: "DELETE FROM remote_note WHERE kind = 'excluded'",
  refusals: "SELECT place, path, reason FROM refusal ORDER BY place LIMIT +?",
  refusalCount: "SELECT count(*) AS count FROM refusal",
  putRefusal: "INSERT OR REPLACE INTO refusal (place, path, reason) VALUES (?, ?, ?)",
  removeRefusal: "DELETE FROM refusal WHERE place = ?",
  // "0" is the character behind "/".
  removeRefusalsBelow: "DELETE FROM refusal WHERE place > ? || '/' AND place < ? || '0'",
} as const;

/** The tables `listed`, `remote_note` and `refusal` of the index. */
export class SqliteRemoteMemory implements RemoteMemory {
  readonly #sql: (name: keyof typeof sql) => Statement;

  constructor(connection: Connection) {
    const statements = new Map(
      Object.entries(sql).map(([name, text]) => [name, connection.prepare(text)]),
    );
    this.#sql = (name) => present(statements.get(name), name);
  }

  beginListing(): void {
    this.#sql("clearListed").run();
    this.#sql("clearRefusals").run();
  }

  noteListed(remoteId: string): void {
    this.#sql("noteListed").run(remoteId);
  }

  endListing(): void {
    this.#sql("clearListed").run();
  }

  unnamedLeaves(below: NodeId, countMax: number): readonly NodeId[] {
    return this.#sql("unnamedLeaves").all(nodeOf, below, countMax);
  }

  unnamed(countMax: number): readonly NodeId[] {
    return this.#sql("unnamed").all(nodeOf, countMax);
  }

  unlisted(countMax: number): readonly NodeId[] {
    return this.#sql("unlisted").all(nodeOf, countMax);
  }

  notes(): readonly RemoteNote[] {
    return this.#sql("notes").all(noteOf);
  }

  putNote({ node, kind, reason }: RemoteNote): void {
    this.#sql("putNote").run(node, kind, reason);
  }

  removeNote(node: NodeId): void {
    this.#sql("removeNote").run(node);
  }

  moveNote(from: NodeId, to: NodeId): void {
    this.#sql("moveNote").run(to, from);
  }

  removeNotes(): void {
    this.#sql("removeNotes").run();
  }

  removeAnnouncements(): void {
    this.#sql("removeAnnouncements").run();
  }

  refusals(countMax: number): readonly Refusal[] {
    return this.#sql("refusals").all(refusalOf, countMax);
  }

  refusalCount(): number {
    return this.#sql("refusalCount").get((row) => integer(row, "count")) ?? 0;
  }

  putRefusal({ place, path, reason }: Refusal): void {
    this.#sql("putRefusal").run(place, path, reason);
  }

  removeRefusals(place: string, { below }: { readonly below: boolean }): void {
    this.#sql("removeRefusal").run(place);
    if (below) this.#sql("removeRefusalsBelow").run(place, place);
  }
}

function noteOf(row: Row): RemoteNote {
  return {
    node: integer(row, "node"),
    kind: oneOf(row, "kind", ["repository", "refused", "excluded"]),
    reason: text(row, "reason"),
  };
}

function refusalOf(row: Row): Refusal {
  return { place: text(row, "place"), path: text(row, "path"), reason: text(row, "reason") };
}
