import { z } from "zod";
import type { NodeId } from "../tree/node.ts";

/** Nodes by the time when they were first seen to be gone, ms since 1970: many go at once. */
const rowsShape = z.array(z.tuple([z.int(), z.array(z.int())]));

/** Since when objects of repositories are gone on this disk, by node, as the index keeps it (G45). */
export function formatVanished(goneAt: ReadonlyMap<NodeId, number>): string {
  const byTime = Map.groupBy(goneAt, ([, at]) => at);
  const rows = [...byTime].map(([at, entries]) => [at, entries.map(([node]) => node)] as const);
  return JSON.stringify(rows.toSorted(([a], [b]) => a - b));
}

/** Reads what `formatVanished` made. @throws {Error} for anything else: the index is damaged then (S77) */
export function parseVanished(text: string): Map<NodeId, number> {
  const goneAt = new Map<NodeId, number>();
  for (const [at, nodes] of rowsShape.parse(JSON.parse(text))) {
    for (const node of nodes) goneAt.set(node, at);
  }
  return goneAt;
}
