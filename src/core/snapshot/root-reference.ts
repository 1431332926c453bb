import { SnapError } from "../../std/error.ts";
import type { SnapshotFilter } from "./store-request.ts";
import type { SnapshotRoot } from "./root.ts";

/** Fewest digits of an id that name a snapshot. */
const prefixDigitsMin = 4;

/** Candidates that an error message lists. */
const candidatesShownMax = 10;

/** How a snapshot is named: `latest` is `back` 0; a time stands for the newest snapshot at or before it. */
export type Reference =
  | { readonly by: "latest"; readonly back: number }
  | { readonly by: "time"; readonly timeMs: number }
  | { readonly by: "name"; readonly name: string };

/**
 * Read a name of a snapshot (N25): `latest`, `latest~2`, `@2026-11-20T18:00`, `@2026-11-20` and `@yesterday` (to
 * the end of that day, local time), or an id prefix of at least four digits, or a label.
 *
 * @throws {SnapError} `usage` for a time that is none.
 */
export function parseReference(text: string, nowMs: number): Reference {
  const latest = /^latest(?:~(\d{1,6}))?$/.exec(text);
  if (latest !== null) return { by: "latest", back: Number(latest[1] ?? 0) };
  if (text.startsWith("@")) return { by: "time", timeMs: parseTime(text.slice(1), nowMs) };
  return { by: "name", name: text };
}

function parseTime(text: string, nowMs: number): number {
  if (text === "now") return nowMs;
  if (text === "today") return endOfDay(new Date(nowMs), 0);
  if (text === "yesterday") return endOfDay(new Date(nowMs), -1);
  const isDay = /^\d{4}-\d{2}-\d{2}$/.test(text);
  const isInstant = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})?$/.test(
    text,
  );
  const timeMs =
    isDay || isInstant ? Date.parse(isDay ? `${text}T23:59:59.999` : text) : Number.NaN;
  if (!Number.isNaN(timeMs)) return timeMs;
  throw new SnapError("usage", `Not a time: "@${text}"`, {
    hint: "Write @2026-11-20, @2026-11-20T18:00 or @yesterday.",
  });
}

function endOfDay(day: Date, shiftDays: number): number {
  return new Date(day.getFullYear(), day.getMonth(), day.getDate() + shiftDays + 1).getTime() - 1;
}

/**
 * The snapshot that a reference names, among roots that stand oldest first.
 *
 * @throws {SnapError} `snapshot-not-found`; `snapshot-ambiguous` with the candidates.
 */
export function findRoot<R extends SnapshotRoot>(reference: Reference, roots: readonly R[]): R {
  const found = candidatesOf(reference, roots);
  if (found.length > 1) throw ambiguous(reference, found);
  if (found[0] === undefined) throw notFound(reference, roots.length);
  return found[0];
}

function candidatesOf<R extends SnapshotRoot>(
  reference: Reference,
  roots: readonly R[],
): readonly R[] {
  switch (reference.by) {
    case "latest":
      return roots
        .filter(isOwn)
        .toReversed()
        .slice(reference.back, reference.back + 1);
    case "time":
      return roots
        .filter((root) => isOwn(root) && Date.parse(root.time) <= reference.timeMs)
        .slice(-1);
    case "name":
      return roots.filter((root) => isNamed(root, reference.name));
  }
}

/**
 * Whether a snapshot is one that the user, or a schedule of theirs, took of the whole workspace. Safety snapshots, thin
 * ones of the cloud, those of some paths and imported ones are meant by id or label only: `restore latest` must never mean them.
 */
export function isOwn({
  side,
  paths,
  reason,
}: Pick<SnapshotRoot, "side" | "paths" | "reason">): boolean {
  const isTaken = reason !== "import" && !reason.startsWith("before-");
  return side === "local" && paths === undefined && isTaken;
}

function isNamed(root: SnapshotRoot, name: string): boolean {
  const isPrefix = name.length >= prefixDigitsMin && root.id.startsWith(name.toLowerCase());
  return isPrefix || root.label === name;
}

/** The reference as the user wrote it, near enough for a message. */
function inWords(reference: Reference): string {
  switch (reference.by) {
    case "latest":
      return reference.back === 0 ? "latest" : `latest~${reference.back}`;
    case "time":
      return `@${new Date(reference.timeMs).toISOString()}`;
    case "name":
      return reference.name;
  }
}

function notFound(reference: Reference, count: number): SnapError {
  const words = inWords(reference);
  const known = count === 0 ? "there are no snapshots yet" : `none of ${count} fits`;
  return new SnapError("snapshot-not-found", `No snapshot "${words}": ${known}`, {
    hint:
      count === 0
        ? "`snap capture` takes one."
        : "`snap list` shows every snapshot; an id needs at least 4 of its digits.",
    path: words,
  });
}

function ambiguous(reference: Reference, found: readonly SnapshotRoot[]): SnapError {
  const words = inWords(reference);
  const shown = found
    .slice(-candidatesShownMax)
    .map((root) => `${root.id.slice(0, 16)} of ${root.time}`);
  return new SnapError(
    "snapshot-ambiguous",
    `"${words}" names ${found.length} snapshots: ${shown.join(", ")}`,
    { hint: "Give more digits of the id.", path: words },
  );
}

/** Whether a root is one of those that are asked for. */
export function isSelected(root: SnapshotRoot, filter: SnapshotFilter | undefined): boolean {
  const isWorkspace = filter?.workspace === undefined || root.workspace.id === filter.workspace;
  const isTagged = filter?.tag === undefined || root.tags.includes(filter.tag);
  return isWorkspace && isTagged && (filter?.side === undefined || root.side === filter.side);
}
