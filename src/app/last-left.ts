import type { LeftPath } from "../core/plan/sync-report.ts";

/** At most this many items are kept for the status. */
const leftMax = 1_000;

/** What the last sync left aside, as the index keeps it. */
export function formatLeft(left: readonly LeftPath[]): string | undefined {
  return left.length === 0 ? undefined : JSON.stringify(left.slice(0, leftMax));
}

/** The other way; what cannot be read counts as nothing, since the next sync writes it anew. */
export function parseLeft(text: string | undefined): readonly LeftPath[] {
  const value = text === undefined ? undefined : valueOf(text);
  return Array.isArray(value) ? value.filter(isLeftPath) : [];
}

function valueOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const kinds: readonly unknown[] = [
  ...(["hold", "unknown", "parked", "refused", "unsynced", "damaged"] as const),
];

function isLeftPath(value: unknown): value is LeftPath {
  if (typeof value !== "object" || value === null) return false;
  if (!("path" in value) || !("kind" in value) || !("reason" in value)) return false;
  return (
    typeof value.path === "string" && kinds.includes(value.kind) && typeof value.reason === "string"
  );
}
