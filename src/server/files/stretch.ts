import type { Database } from "../store/database.ts";
import type { Node, Place } from "../tree/node.ts";
import type { Tree } from "../tree/tree.ts";
import type { CursorState } from "./cursor.ts";

/** What a listing is read with. */
export type ListingSource = {
  readonly database: Database;
  readonly tree: Tree;
  /** Lines of the journal after this position are not seen. */
  readonly horizon: number;
  /** Lines of the journal that one page looks at. */
  readonly scanMax: number;
};

/** An entry of a listing: what is at a path now, or that nothing is any more. */
export type ListedNode = Node | (Place & { readonly kind: "deleted" });

/** One step of a listing: what it tells, if anything, and how far the cursor is after it. */
export type Step = {
  readonly entry: ListedNode | undefined;
  readonly mark: Partial<Pick<CursorState, "afterKey" | "position">>;
};

/** The next steps of a listing, as many as a page may have, in the order in which the cursor passes them. */
export type Stretch = {
  readonly start: CursorState;
  readonly steps: readonly Step[];
  /** The cursor after all of them. */
  readonly end: CursorState;
  readonly hasMore: boolean;
};

/** Entries of a page, and where the listing stands after it. */
export type Page = {
  readonly entries: readonly ListedNode[];
  readonly next: CursorState;
  readonly hasMore: boolean;
};

/** The page of all steps. */
export function wholePage({ steps, end, hasMore }: Stretch): Page {
  return { entries: entriesOf(steps), next: end, hasMore };
}

/** The page of the first steps only; the others follow. */
export function cutPage(stretch: Stretch, count: number): Page {
  const { start, steps } = stretch;
  if (count >= steps.length) return wholePage(stretch);
  const mark = count === 0 ? {} : steps[count - 1]?.mark;
  return {
    entries: entriesOf(steps.slice(0, count)),
    next: { ...start, ...mark },
    hasMore: true,
  };
}

function entriesOf(steps: readonly Step[]): readonly ListedNode[] {
  return steps.flatMap(({ entry }) => entry ?? []);
}
