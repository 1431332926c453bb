import { hash } from "node:crypto";
import { SnapError } from "../../std/error.ts";
import { CheckedRecord, canonicalJson, damagedError } from "./checked-json.ts";
import { decodeUnits, type UnitFacts } from "./unit.ts";

/** Why a snapshot was taken (N24). */
export type SnapshotReason = (typeof snapshotReasons)[number];

/** All of them. */
export const snapshotReasons = [
  "manual",
  "schedule",
  "before-restore",
  "before-confirm",
  "before-exclude",
  "before-link",
  "import",
] as const;

/** SHA-256 of the root without its id, 64 hex digits. */
export type SnapshotId = string;

/** Something that was not captured, and why. */
export type LeftAside = { readonly path: string; readonly reason: string };

/** What a capture leaves aside. `isGap`: it belongs into the snapshot, which is partial without it (N37). */
export type CaptureLeft = LeftAside & { readonly isGap?: true };

/** What a capture says about where its entries come from. */
export type CaptureFacts = {
  readonly workspace: {
    readonly id: string;
    readonly path: string;
    readonly device: string;
    readonly host: string;
  };
  /** Absent when the workspace is not linked. */
  readonly link?: { readonly account: string; readonly path: string };
  readonly side: "local" | "remote";
  /** Digest of the ignore rules in force: with `side` the boundary outside which no restore deletes. */
  readonly rules: string;
  /** `clean`, or how much was still to be synced. */
  readonly sync: "clean" | { readonly pending: number; readonly conflicting: number };
  /** Where the listing of the remote side ended, as the server names it; what came later is none of this snapshot (N40). */
  readonly cursor?: string;
  /** Paths that the capture was limited to; absent for the whole scope. */
  readonly paths?: readonly string[];
  /** Present where what the rules leave out was taken too (N33); such entries have the flag `ignored`. */
  readonly ignored?: true;
  /** Present where extended attributes were asked for (N38): an entry without had none. */
  readonly attributes?: true;
  /** The repositories that are in it, in path order (N43); absent where none were looked for. A capture of a disk finds them itself. */
  readonly git?: readonly UnitFacts[];
};

/** The root of a snapshot (N24): with its lists and pages it checks everything below itself. */
export type SnapshotRoot = CaptureFacts & {
  readonly format: 1;
  readonly id: SnapshotId;
  /** `2026-11-21T17:50:42Z` */
  readonly time: string;
  /** Version of the program that wrote it. */
  readonly tool: string;
  readonly completeness: "full" | "thin" | "partial";
  readonly label?: string;
  readonly tags: readonly string[];
  readonly reason: SnapshotReason;
  readonly parent?: SnapshotId;
  /** When the content was fetched that the parent had only in Dropbox (N42); `time` is that of the parent, and a second. */
  readonly hydrated?: string;
  /** Hashes of the lists of manifest pages. */
  readonly lists: readonly string[];
  readonly counts: {
    readonly files: number;
    readonly folders: number;
    readonly others: number;
    readonly bytes: number;
  };
  /** New bytes that this snapshot added to the store, as stored. */
  readonly stored: number;
  /** At most 1000 items, and the count of all. */
  readonly left: { readonly count: number; readonly items: readonly LeftAside[] };
};

/** The most that a root lists of what was left aside. */
export const leftListedMax = 1000;

/** Format of roots that this program writes, and the only one that it reads. */
const rootFormat = 1;

/** The root with its id: the SHA-256 of its own canonical text without it (N24). */
export function sealRoot(root: Omit<SnapshotRoot, "id">): SnapshotRoot {
  return { ...root, id: hash("sha256", canonicalJson(root), "hex") };
}

/** The text of a root on disk. */
export function encodeRoot(root: SnapshotRoot): string {
  return canonicalJson(root);
}

/**
 * Read a root that may be damaged.
 *
 * @throws {SnapError} `damaged` unless the text is canonical, hashes to its id and has the fields of a root;
 *   `version-too-new` for the format of a later program.
 */
export function decodeRoot(text: string, what: string): SnapshotRoot {
  const record = CheckedRecord.parse(text, what);
  const id = record.hash("id");
  // Canonical text without its id is the text without those letters; that a root holds its own hash elsewhere, nobody can bring about.
  const ownHash = hash("sha256", text.replace(`"id":"${id}",`, ""), "hex");
  if (id !== ownHash || text !== record.canonical()) {
    throw damagedError(`${what} is damaged: it does not have the hash that it names`);
  }
  if (record.count("format") !== rootFormat) throw formatTooNew(what);
  return {
    format: rootFormat,
    id,
    time: timeOf(record, "time", what),
    tool: record.text("tool"),
    ...factsOf(record),
    ...requestOf(record),
    ...(record.has("hydrated") ? { hydrated: timeOf(record, "hydrated", what) } : {}),
    completeness: record.choice("completeness", ["full", "thin", "partial"]),
    lists: record.hashes("lists"),
    counts: countsOf(record.record("counts")),
    stored: record.count("stored"),
    left: leftOf(record.record("left")),
  };
}

function formatTooNew(what: string): SnapError {
  return new SnapError("version-too-new", `${what} has a format of a later version of snap`, {
    hint: "Use the version of snap that wrote it, or a later one.",
  });
}

function timeOf(record: CheckedRecord, key: "time" | "hydrated", what: string): string {
  const time = record.text(key);
  if (/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/.test(time) && !Number.isNaN(Date.parse(time))) {
    return time;
  }
  throw damagedError(`${what} has no valid time`);
}

function factsOf(record: CheckedRecord): CaptureFacts {
  const workspace = record.record("workspace");
  return {
    workspace: {
      id: workspace.text("id"),
      path: workspace.text("path"),
      device: workspace.text("device"),
      host: workspace.text("host"),
    },
    ...(record.has("link") ? { link: linkOf(record.record("link")) } : {}),
    side: record.choice("side", ["local", "remote"]),
    rules: record.text("rules"),
    sync: syncOf(record),
    ...(record.has("cursor") ? { cursor: record.text("cursor") } : {}),
    ...(record.has("paths") ? { paths: record.texts("paths") } : {}),
    ...(record.optionalFlag("ignored") === true ? { ignored: true } : {}),
    ...(record.optionalFlag("attributes") === true ? { attributes: true } : {}),
    ...(record.has("git") ? { git: decodeUnits(record) } : {}),
  };
}

function linkOf(link: CheckedRecord): { account: string; path: string } {
  return { account: link.text("account"), path: link.text("path") };
}

function syncOf(record: CheckedRecord): CaptureFacts["sync"] {
  if (record.isText("sync")) return record.choice("sync", ["clean"] as const);
  const sync = record.record("sync");
  return { pending: sync.count("pending"), conflicting: sync.count("conflicting") };
}

function requestOf(
  record: CheckedRecord,
): Pick<SnapshotRoot, "label" | "tags" | "reason" | "parent"> {
  return {
    ...(record.has("label") ? { label: record.text("label") } : {}),
    tags: record.texts("tags"),
    reason: record.choice("reason", snapshotReasons),
    ...(record.has("parent") ? { parent: record.hash("parent") } : {}),
  };
}

function countsOf(counts: CheckedRecord): SnapshotRoot["counts"] {
  return {
    files: counts.count("files"),
    folders: counts.count("folders"),
    others: counts.count("others"),
    bytes: counts.count("bytes"),
  };
}

function leftOf(left: CheckedRecord): SnapshotRoot["left"] {
  const items = left
    .records("items")
    .slice(0, leftListedMax)
    .map((item) => ({ path: item.text("path"), reason: item.text("reason") }));
  return { count: left.count("count"), items };
}
