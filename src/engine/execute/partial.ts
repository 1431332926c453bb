import type { Area, AreaPath } from "../../core/plan/local-act.ts";
import { parseRelPath } from "../../core/path/rel-path.ts";
import type { RemoteEntry } from "../../core/tree/node.ts";
import type { IndexStore, LocalSide } from "../../ports.ts";
import { isSnapError } from "../../std/error.ts";
import { keptBytesMin } from "../limits.ts";

/** `part-<node>-<rev>`: what it is a part of follows from its name. */
const partialId = /^part-(\d{1,15})-([0-9a-zA-Z]{1,64})$/u;

/** Where a large file is staged, so that a later run finds what has come of it (S66); undefined for any other. */
export function partialPlace({ node, rev, size }: RemoteEntry): AreaPath | undefined {
  const id = `part-${node}-${rev}`;
  if (size < keptBytesMin || !partialId.test(id)) return undefined;
  return { area: { kind: "staging", id }, path: parseRelPath("content") };
}

/** Whether an area holds what has come of a file that is still to come. */
export function isPartial(index: IndexStore, { id }: Area): boolean {
  const [, node, rev] = partialId.exec(id) ?? [];
  if (node === undefined) return false;
  const there = index.remote.get(Number(node));
  return there?.rev === rev && index.synced.get(Number(node))?.rev !== rev;
}

/** Bytes that have come. */
export async function begunBytes(local: LocalSide, place: AreaPath): Promise<number> {
  try {
    await using file = await local.openInArea(place);
    return file.stat.size;
  } catch (error) {
    if (isSnapError(error, "not-found", "conflict")) return 0;
    throw error;
  }
}
