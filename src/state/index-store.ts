import type { Intent, LogRow, MetaKey, ParkedRow, UploadRow } from "../core/tree/index-rows.ts";
import type {
  ContentHash,
  LocalEntry,
  NodeId,
  RemoteEntry,
  SyncedEntry,
} from "../core/tree/node.ts";
import { present } from "../std/assert.ts";
import type { DisplacedFiles } from "../core/tree/displaced-files.ts";
import type { IndexStore } from "../ports.ts";
import type { IndexCare } from "../core/tree/index-care.ts";
import type { Leftovers } from "../core/tree/leftovers.ts";
import type { Covers } from "../core/plan/simulate.ts";
import type { RemoteMemory } from "../core/tree/remote-memory.ts";
import type { Connection, Statement } from "./connection.ts";
import { TableCovers } from "./covers.ts";
import { SqliteDisplaced } from "./displaced.ts";
import { SqliteIndexCare } from "./index-care.ts";
import {
  acknowledgedText,
  historyOf,
  intentOf,
  logOf,
  nodeOf,
  parkedOf,
  uploadOf,
} from "./index-rows.ts";
import { SqliteLeftovers } from "./leftovers.ts";
import { SqliteRemoteMemory } from "./remote-memory.ts";
import { integer, metaValue } from "./row.ts";
import { historyMax, prepareStatements, type StatementName } from "./statements.ts";
import { localMapping, remoteMapping, syncedMapping, TableTree } from "./trees.ts";

/** Names of one file (hard links) that are told apart by their file id; more of them go by their place. */
const linksMax = 1_000;

/** Facts of the link; the others belong to the workspace and stay when it is unlinked. */
const linkFacts: readonly MetaKey[] = [
  ...([
    "link",
    "account_id",
    "account_home",
    "root_id",
    "root_namespace",
    "cursor",
    "complete",
  ] as const),
  ...(["rules_digest", "beacon", "beacon_cursor", "last_synced_at", "last_left"] as const),
  ...(["rolled_back", "stuck"] as const),
  ...([
    "copied_at",
    "removals_frozen",
    "index_lost",
    "rehashed_on",
    "checked_at",
    "differences",
  ] as const),
  ...([
    "excluded",
    "excluding",
    "relist",
    "moved",
    "hooked",
    "hook_failed",
    "repositories",
  ] as const),
  "vanished_objects",
];

/** Tables that end with the link; restores, fence, op log and the node counter stay (S7). */
const linkTables = [
  ...(["synced", "local", "remote", "dirty", "listed", "history", "intent"] as const),
  ...(["remote_note", "refusal"] as const),
  ...(["upload", "parked", "hold", "token_item", "token", "displaced"] as const),
  ...(["damaged", "leftover"] as const),
] as const;

/** The index of one workspace on an open file (S7). */
export class SqliteIndex implements IndexStore {
  readonly synced: TableTree<SyncedEntry>;
  readonly local: TableTree<LocalEntry>;
  readonly remote: TableTree<RemoteEntry>;
  readonly remoteMemory: RemoteMemory;
  readonly care: IndexCare;
  readonly displaced: DisplacedFiles;
  readonly leftovers: Leftovers;
  readonly #connection: Connection;
  readonly #sql: (name: StatementName) => Statement;
  readonly #rebind: readonly Statement[];
  readonly #forget: readonly Statement[];

  constructor(connection: Connection) {
    this.#connection = connection;
    this.synced = new TableTree(connection, syncedMapping);
    this.local = new TableTree(connection, localMapping);
    this.remote = new TableTree(connection, remoteMapping);
    this.remoteMemory = new SqliteRemoteMemory(connection);
    this.care = new SqliteIndexCare(connection);
    this.displaced = new SqliteDisplaced(connection);
    this.leftovers = new SqliteLeftovers(connection);
    this.#sql = prepareStatements(connection);
    this.#rebind = rebindSql.map((sql) => connection.prepare(sql));
    this.#forget = linkTables.map((table) => connection.prepare(`DELETE FROM ${table}`));
  }

  transaction<T>(work: () => T): T {
    return this.#connection.transaction(work);
  }

  briefTransaction<T>(work: () => T): T {
    return this.#connection.briefTransaction(work);
  }

  newNode(): NodeId {
    this.#sql("countNode").run();
    return present(this.#sql("lastNode").get(nodeOf), "the node counter");
  }

  meta(key: MetaKey): string | undefined {
    return this.#sql("meta").get((row) => metaValue(row, key), key);
  }

  setMeta(key: MetaKey, value: string | undefined): void {
    if (value === undefined) this.#sql("removeMeta").run(key);
    else this.#sql("setMeta").run(key, value);
  }

  /** A node that was moved may have lost its remote row already: the synced one still names it (S21). */
  nodeOfRemoteId(remoteId: string): NodeId | undefined {
    return (
      this.#sql("remoteByRemoteId").get(nodeOf, remoteId) ??
      this.#sql("syncedByRemoteId").get(nodeOf, remoteId)
    );
  }

  /** An empty file id proves nothing (S17). */
  nodeOfFileId(fileId: string): NodeId | undefined {
    return fileId === "" ? undefined : this.#sql("syncedByFileId").get(nodeOf, fileId);
  }

  nodesOfFileId(fileId: string): readonly NodeId[] {
    return fileId === "" ? [] : this.#sql("allSyncedByFileId").all(nodeOf, fileId, linksMax);
  }

  nodesOfRemoteContent(hash: string): readonly NodeId[] {
    return this.#sql("remoteByContent").all(nodeOf, hash, linksMax);
  }

  dirty(after: NodeId, countMax: number): readonly NodeId[] {
    return this.#sql("dirty").all(nodeOf, after, countMax);
  }

  dirtyOnServerOnly(after: NodeId, countMax: number): readonly NodeId[] {
    return this.#sql("dirtyOnServerOnly").all(nodeOf, after, countMax);
  }

  dirtyCount(): number {
    return this.#sql("dirtyCount").get((row) => integer(row, "count")) ?? 0;
  }

  markDirty(node: NodeId): void {
    this.#sql("markDirty").run(node);
  }

  clearDirty(node: NodeId): void {
    this.#sql("clearDirty").run(node);
  }

  unhashed(after: NodeId, countMax: number): readonly NodeId[] {
    return this.#sql("unhashed").all(nodeOf, after, countMax);
  }

  unproven(after: NodeId, countMax: number): readonly LocalEntry[] {
    return this.#sql("unproven").all(localMapping.entry, after, countMax);
  }

  unprovenTotals(): { readonly files: number; readonly bytes: number } {
    const totals = this.#sql("unprovenTotals").get((row) => ({
      files: integer(row, "files"),
      bytes: integer(row, "bytes"),
    }));
    return totals ?? { files: 0, bytes: 0 };
  }

  localFolders(after: NodeId, countMax: number): readonly NodeId[] {
    return this.#sql("localFolders").all(nodeOf, after, countMax);
  }

  intents(): readonly Intent[] {
    return this.#sql("intents").all(intentOf);
  }

  putIntent({ op, kind, node, detail }: Intent): void {
    this.#sql("putIntent").run(op, kind, node, detail);
  }

  removeIntent(op: string): void {
    this.#sql("removeIntent").run(op);
  }

  upload(node: NodeId): UploadRow | undefined {
    return this.#sql("upload").get(uploadOf, node);
  }

  putUpload({ node, session, kind, acknowledged, stamp, startedAt }: UploadRow): void {
    const stretches = acknowledgedText(acknowledged);
    this.#sql("putUpload").run(node, session, kind, stretches, stamp, startedAt);
  }

  removeUpload(node: NodeId): void {
    this.#sql("removeUpload").run(node);
  }

  parked(): readonly ParkedRow[] {
    return this.#sql("parked").all(parkedOf);
  }

  putParked({ node, kind, path, reason, attempts, nextAt }: ParkedRow): void {
    this.#sql("putParked").run(node, kind, path, reason, attempts, nextAt);
  }

  removeParked(node: NodeId): void {
    this.#sql("removeParked").run(node);
  }

  history(node: NodeId): readonly { readonly rev: string; readonly hash: ContentHash }[] {
    return this.#sql("history").all(historyOf, node, historyMax);
  }

  /** A rev that is named again becomes the newest. */
  addHistory(node: NodeId, rev: string, hash: ContentHash): void {
    this.#sql("removeHistory").run(node, rev);
    this.#sql("addHistory").run(node, rev, hash);
    this.#sql("trimHistory").run(node, node, historyMax);
  }

  log({ at, cycle, op, kind, path, before, after, outcome }: LogRow): void {
    this.#sql("log").run(at, cycle, op, kind, path, before, after, outcome);
  }

  /** Newest first. */
  logged(limit: number): readonly LogRow[] {
    return this.#sql("logged").all(logOf, limit);
  }

  loggedAt(path: string, limit: number): readonly LogRow[] {
    return this.#sql("loggedAt").allNamed(logOf, { path, limit });
  }

  /** Where both nodes have a row of one kind, `to` keeps its own. */
  rebind(from: NodeId, to: NodeId): void {
    for (const statement of this.#rebind) statement.runNamed({ from, to });
    this.#sql("trimHistory").run(to, to, historyMax);
  }

  covers(): Covers & Disposable {
    return new TableCovers(this.#connection.path);
  }

  forgetLink(): void {
    for (const statement of this.#forget) statement.run();
    for (const key of linkFacts) this.setMeta(key, undefined);
  }
}

/** What cannot be moved because `to` has a row of its own is removed afterwards; children change their parent. */
const rebindSql: readonly string[] = [
  "INSERT OR IGNORE INTO dirty (node) VALUES (:from), (:to)",
  ...(["synced", "local", "remote"] as const).map(
    (table) =>
      `INSERT OR IGNORE INTO dirty (node) SELECT node FROM ${table} WHERE parent = :from AND :to <> :from`,
  ),
  ...(
    ["synced", "local", "remote", "remote_note", "upload", "parked", "history", "damaged"] as const
  ).flatMap((table) => [
    `UPDATE OR IGNORE ${table} SET node = :to WHERE node = :from`,
    `DELETE FROM ${table} WHERE node = :from AND :to <> :from`,
  ]),
  ...(["synced", "local", "remote"] as const).map(
    (table) => `UPDATE ${table} SET parent = :to WHERE parent = :from`,
  ),
  "UPDATE intent SET node = :to WHERE node = :from",
];
