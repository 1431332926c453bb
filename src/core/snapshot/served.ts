import type { ContentHash } from "../tree/node.ts";
import type { FileHistory } from "../tree/remote-item.ts";

/** What the history of a place says of a call that put a revision back there without a precondition (T25). */
export type Served =
  /** It was not done, or an edit stands above it, which the push meets (T26). */
  | { readonly is: "nothing" }
  | { readonly is: "ours"; readonly rev: string }
  /** An edit came between look and call, and ours hides it: this is the newest such. */
  | { readonly is: "over-edit"; readonly rev: string };

/**
 * Judge a call by what lies above the revision that was the newest before it. A call whose answer was lost is repeated, so ours may
 * be there several times.
 */
export function judgeServed(
  { isDeleted, revisions }: FileHistory,
  { hash, superseded }: { readonly hash: ContentHash; readonly superseded: string },
): Served {
  const end = revisions.findIndex(({ rev }) => rev === superseded);
  const above = end < 0 ? revisions : revisions.slice(0, end);
  const [newest] = above;
  if (isDeleted || newest?.hash !== hash) return { is: "nothing" };
  const edit = above.find((revision) => revision.hash !== hash);
  return edit === undefined ? { is: "ours", rev: newest.rev } : { is: "over-edit", rev: edit.rev };
}
