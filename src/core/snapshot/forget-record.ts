import { CheckedRecord, canonicalJson } from "./checked-json.ts";
import type { SnapshotId } from "./root.ts";

/** One snapshot of a forget: its id, the file of its root, and whose it is. */
export type ForgottenSnapshot = {
  readonly id: SnapshotId;
  readonly name: string;
  readonly workspace: string;
};

/** What a forget took away, so that it can be taken back while the store's trash has it (N55). */
export type ForgetRecord = {
  /** 16 hex digits. */
  readonly id: string;
  /** `2026-11-21T17:50:42.250Z`: to be put in order with restores. */
  readonly time: string;
  /** Whether a person asked for it, or a schedule. */
  readonly reason: "manual" | "schedule";
  readonly snapshots: readonly ForgottenSnapshot[];
};

/** The text of a record on disk. */
export function encodeForgetRecord(record: ForgetRecord): string {
  return canonicalJson(record);
}

/** Read a record that may be damaged. @throws {SnapError} `damaged` */
export function decodeForgetRecord(text: string, what: string): ForgetRecord {
  const record = CheckedRecord.parse(text, what);
  return {
    id: record.text("id"),
    time: record.text("time"),
    reason: record.choice("reason", ["manual", "schedule"]),
    snapshots: record.records("snapshots").map((snapshot) => ({
      id: snapshot.hash("id"),
      name: snapshot.text("name"),
      workspace: snapshot.text("workspace"),
    })),
  };
}
