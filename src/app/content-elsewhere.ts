import { existsSync } from "node:fs";
import type { ContentElsewhere } from "../core/snapshot/keep-request.ts";
import type { ContentHash } from "../core/tree/node.ts";
import { lookAtIndex } from "../state/database.ts";
import { workspaceFiles } from "../state/locations.ts";
import type { Environment } from "./environment.ts";

/**
 * What workspaces hold outside the store, as their indexes know it (N55): content on the disk whose hash is trusted, and
 * content that Dropbox listed. Indexes are read when the first content is asked for. An index that is missing or waits for an upgrade knows nothing.
 */
export function contentElsewhere(
  environment: Environment,
  workspaces: ReadonlySet<string>,
): ContentElsewhere {
  let known: ReadonlySet<ContentHash> | undefined;
  return (content) => (known ??= contentsOf(environment, workspaces)).has(content);
}

function contentsOf(
  environment: Environment,
  workspaces: ReadonlySet<string>,
): ReadonlySet<ContentHash> {
  const known = new Set<ContentHash>();
  for (const { id } of environment.settings.read().workspaces) {
    if (workspaces.has(id)) addContents(environment, id, known);
  }
  return known;
}

function addContents({ locations }: Environment, id: string, known: Set<ContentHash>): void {
  const file = workspaceFiles(locations, id).index;
  if (!existsSync(file)) return;
  using state = lookAtIndex(file);
  if (state === undefined) return;
  for (const { kind, hash, trusted, absentAt } of state.index.local.all()) {
    if (kind === "file" && hash !== undefined && trusted && absentAt === undefined) known.add(hash);
  }
  for (const { kind, hash } of state.index.remote.all()) {
    if (kind === "file" && hash !== undefined) known.add(hash);
  }
}
