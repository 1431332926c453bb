import { soughtBy } from "../core/snapshot/sought.ts";
import { Versions, type FoundVersion } from "../core/snapshot/versions.ts";
import type { Work } from "../std/events.ts";
import type { Environment } from "./environment.ts";
import { openSnapshotStore, snapshotFilter } from "./store.ts";

/** What is looked for in all snapshots. */
export type FindRequest = {
  readonly place: string;
  /** Those of every workspace. */
  readonly all: boolean;
  /** A glob on names or paths, or 64 digits of a content or block hash. */
  readonly text: string;
  readonly ignoreCase: boolean;
};

/** What was found, and which snapshots could not be read to the end. */
export type FindReport = {
  readonly versions: readonly FoundVersion[];
  readonly unread: readonly { readonly name: string; readonly reason: string }[];
};

/** Every version of what is looked for, with the snapshots that hold it. @throws {SnapError} `path-invalid`, `too-large`, `interrupted` */
export async function findVersions(
  environment: Environment,
  request: FindRequest,
  work: Work,
): Promise<FindReport> {
  const matches = soughtBy(request.text, request);
  const store = await openSnapshotStore(environment);
  const roots = await store.list(snapshotFilter(environment, request));
  const versions = new Versions();
  // Whose a damaged root is cannot be told: it may be the one that holds what is looked for (N8).
  const unread = [...(await store.damagedRoots())];
  for await (const { root, entries, trouble } of store.search({ ...work, roots, matches })) {
    versions.add(root, entries);
    if (trouble !== undefined) unread.push({ name: root.id.slice(0, 16), reason: trouble });
  }
  return { versions: versions.found(), unread };
}
