import type { Sighting } from "./merge-result.ts";
import type { Entry } from "../tree/node.ts";

/** Whose content a node gets. */
export type ContentDecision = "agree" | "push" | "pull" | "conflict";

/**
 * Decide the content of one node that is to exist.
 *
 * The order of the lines is the policy: agreement first, so that the same edit on both sides is never a conflict
 * (S38). Folders have no content and always agree.
 */
export function mergeContent({ synced, local, remote }: Omit<Sighting, "node">): ContentDecision {
  if (local === undefined) return "pull";
  if (remote === undefined) return "push";
  if (sameContent(local, remote)) return "agree";
  if (sameContent(remote, synced)) return "push";
  if (sameContent(local, synced)) return "pull";
  return "conflict";
}

/** Whether two entries are of one kind and hold the same bytes; folders hold none. */
export function sameContent(a: Entry, b: Entry | undefined): boolean {
  return b !== undefined && a.kind === b.kind && a.hash === b.hash;
}
