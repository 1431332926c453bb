import type { ContentHash } from "../tree/node.ts";
import type { FileHistory, FileRevision } from "../tree/remote-item.ts";

/** What the history of a place says of calls that put a revision back there without a precondition (T25). */
export type Served = {
  /** The revision of ours that stands there and hides nothing. */
  readonly ours: string | undefined;
  /** An edit that came between look and call: ours stands there and hides it. */
  readonly back: string | undefined;
  /** Edits that ours hid before somebody wrote there again: the name belongs to what was written last. */
  readonly copies: readonly string[];
};

/**
 * Judge a call by what lies above the revision that was the newest before it. A call whose answer was lost is repeated, so ours may
 * be there several times. Hidden is what lies right below one of ours: an edit below another edit was seen by whoever made that. What
 * stands above again under its content was brought back.
 */
export function judgeServed(
  { isDeleted, revisions }: FileHistory,
  { hash, superseded }: { readonly hash: ContentHash; readonly superseded: string },
): Served {
  const end = revisions.findIndex(({ rev }) => rev === superseded);
  const above = end < 0 ? revisions : revisions.slice(0, end);
  const isOurs = (revision: FileRevision | undefined): boolean => revision?.hash === hash;
  const hidden = above.filter(
    (revision, place) =>
      !isOurs(revision) && isOurs(above[place - 1]) && !isAgain(revision, above.slice(0, place)),
  );
  const [newest] = above;
  const stands = !isDeleted && newest !== undefined && isOurs(newest);
  const topmost = above.find((revision) => !isOurs(revision));
  const back = stands && hidden[0] === topmost ? hidden[0]?.rev : undefined;
  return {
    ours: stands && back === undefined ? newest.rev : undefined,
    back,
    copies: hidden.map(({ rev }) => rev).filter((rev) => rev !== back),
  };
}

function isAgain({ hash }: FileRevision, newer: readonly FileRevision[]): boolean {
  return hash !== undefined && newer.some((other) => other.hash === hash);
}
