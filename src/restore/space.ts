import type { PlanItem } from "../core/snapshot/restore-item.ts";
import type { RestorePlan } from "../core/snapshot/restore-plan.ts";
import { SnapError } from "../std/error.ts";
import type { Looked } from "./checks.ts";
import { bytesOf, placedItems } from "./placed.ts";
import type { Preflight } from "./preflight.ts";

/** Room for the disk to keep after the staged files (T33). */
const reserveBytes = 32n * 1024n * 1024n;

/** What a restore takes, in bytes unless it says otherwise. */
type Needs = {
  readonly staged: number;
  /** Files that are staged, and files and folders that the disk will have at once more than now. */
  readonly files: number;
  readonly inodes: number;
  /** Of the safety snapshot: what is surely new there, before it is compressed. */
  readonly saved: number;
  /** Dropbox grows by this much before removals make room. */
  readonly cloud: number;
};

/** @throws {SnapError} `refused` where a disk or the account has no room for what will be written */
export async function checkSpace(flight: Preflight): Promise<Looked> {
  const needs = needsOf(flight);
  const short =
    (await diskShortage(flight, needs)) ??
    (await storeShortage(flight, needs)) ??
    (await cloudShortage(flight, needs));
  if (short === undefined) return { checked: needs.files, bytes: needs.staged };
  throw new SnapError("refused", short, {
    path: flight.deps.local.top,
    hint: "Make room, then run the same command again. Nothing was changed.",
  });
}

/** Whether the disk of the workspace has too little room. */
export async function isDiskShort(flight: Preflight): Promise<boolean> {
  return (await diskShortage(flight, needsOf(flight))) !== undefined;
}

function needsOf({ draft, chosen }: Preflight): Needs {
  // What an earlier restore displaced only changes its name.
  const staged = placedItems(draft).filter(({ path }) => chosen.get(path)?.from !== "area");
  const units = (draft.plan.units ?? []).flatMap(({ room }) => (room === undefined ? [] : [room]));
  const files = units.reduce((sum, room) => sum + room.files, staged.length);
  return {
    staged: units.reduce((sum, room) => sum + room.bytes, bytesOf(staged)),
    files,
    inodes: files + draft.plan.items.filter(isNewFolder).length,
    saved: newContentOf(draft.plan),
    cloud: growthThere(draft.plan),
  };
}

function isNewFolder({ want, local: { action } }: PlanItem): boolean {
  return want?.kind === "folder" && (action === "create" || action === "replace");
}

/** Content that no snapshot and no revision holds, each once. */
function newContentOf({ loses }: RestorePlan): number {
  const sizes = new Map(loses.localOnly.map(({ hash, size }) => [hash, size]));
  return sizes.values().reduce((sum, size) => sum + size, 0);
}

/** What is moved takes no room, so where something is, removals are taken for its sources. */
function growthThere({ items, server }: RestorePlan): number {
  const isMoving = (server?.moved ?? 0) > 0;
  const growth = items.map((item) => growthAt(item, isMoving));
  return growth.reduce((sum, bytes) => sum + bytes, 0);
}

function growthAt({ want, remote }: PlanItem, isMoving: boolean): number {
  if (remote === undefined) return 0;
  const { action, before } = remote;
  const gone = before?.size ?? 0;
  if (action === "delete") return isMoving ? -gone : 0;
  if (action !== "create" && action !== "replace") return 0;
  return (want?.kind === "file" ? want.size : 0) - gone;
}

async function diskShortage({ deps }: Preflight, needs: Needs): Promise<string | undefined> {
  const { room, local } = deps;
  const saved = room?.store().isSameDisk === true ? needs.saved : 0;
  const missing = neededFor(needs.staged + saved) - (await local.freeBytes());
  if (missing > 0n) return `The restore needs ${missing} more bytes on the disk`;
  const free = room?.freeFiles();
  if (free === undefined || free >= needs.inodes) return undefined;
  return `The disk of the workspace has no room for ${needs.inodes - free} more files, however small`;
}

async function storeShortage({ deps }: Preflight, needs: Needs): Promise<string | undefined> {
  const store = await Promise.resolve(deps.room?.store());
  if (store === undefined || store.isSameDisk) return undefined;
  const missing = neededFor(needs.saved) - store.freeBytes;
  if (missing <= 0n) return undefined;
  return `The snapshot before the restore needs ${missing} more bytes on the disk of the snapshot store`;
}

async function cloudShortage(
  { deps, order }: Preflight,
  needs: Needs,
): Promise<string | undefined> {
  const isAsked = needs.cloud > 0 && order.isOffline !== true;
  const left = isAsked ? await deps.kept?.room() : undefined;
  if (left === undefined || left >= needs.cloud) return undefined;
  return `The restore needs ${needs.cloud - left} more bytes in Dropbox`;
}

function neededFor(bytes: number): bigint {
  return bytes === 0 ? 0n : BigInt(Math.ceil(bytes * 1.05)) + reserveBytes;
}
