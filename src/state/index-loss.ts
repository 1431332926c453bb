import type { IndexStore } from "../ports.ts";

/** What became of an index, and what took its place (S77), as paths. */
export type IndexLoss = {
  /** A damaged index was put here; undefined for one that was missing. */
  readonly movedAside: string | undefined;
  /** This copy took its place; without one the index was made anew from both sides. */
  readonly copy: string | undefined;
  /** Newer copies that were damaged, too. */
  readonly badCopies: readonly string[];
};

/** Keep the loss until a sync has told it: another command may be the first to meet it. Called inside a transaction. */
export function noteLoss(index: IndexStore, loss: IndexLoss | undefined): void {
  index.setMeta("index_lost", loss && JSON.stringify(loss));
}

/** The loss that no sync has told yet. */
export function untoldLoss(index: IndexStore): IndexLoss | undefined {
  const text = index.meta("index_lost");
  if (text === undefined) return undefined;
  const { movedAside, copy, badCopies } = fieldsOf(text);
  return {
    movedAside: typeof movedAside === "string" ? movedAside : undefined,
    copy: typeof copy === "string" ? copy : undefined,
    badCopies: Array.isArray(badCopies) ? badCopies.filter((path) => typeof path === "string") : [],
  };
}

/** Words for the user alone: what of them cannot be read is left out. */
function fieldsOf(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}
