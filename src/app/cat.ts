import { parseRelPath } from "../core/path/rel-path.ts";
import type { SnapshotEntry } from "../core/snapshot/entry.ts";
import type { SnapshotRoot } from "../core/snapshot/root.ts";
import { SnapError } from "../std/error.ts";
import type { Environment } from "./environment.ts";
import { noSuchPath, openSnapshot, type SnapshotRequest } from "./look.ts";
import { snapshotPath } from "./snapshot-path.ts";

/** A file of a snapshot, and its bytes: each piece is checked before it is handed out (N8). */
export type FileContent = {
  readonly entry: SnapshotEntry;
  readonly pieces: AsyncIterable<Uint8Array>;
};

/**
 * One file of a snapshot.
 *
 * @throws {SnapError} `path-missing`; `path-invalid` for what is no file; `not-found` where the store has not its content, with the
 * place where it is; from `pieces`: `damaged`
 */
export async function fileContent(
  environment: Environment,
  request: SnapshotRequest & { readonly path: string },
): Promise<FileContent> {
  const { store, root } = await openSnapshot(environment, request);
  const path = parseRelPath(snapshotPath(request.path));
  const [entry] = await Array.fromAsync(firstOf(store.entries(root.id, path)));
  if (path === "") throw noFile(path, "a folder");
  if (entry === undefined) throw noSuchPath(path);
  if (entry.path !== path) throw noFile(path, "a folder");
  if (entry.type !== "file") throw noFile(path, kindOf(entry));
  const held = await store.held(entry);
  if (held.blocks === undefined) throw contentElsewhere(held, root);
  return { entry: held, pieces: store.open(held) };
}

async function* firstOf<T>(items: AsyncIterable<T>): AsyncGenerator<T> {
  for await (const item of items) {
    yield item;
    return;
  }
}

function kindOf({ type, linkTarget }: SnapshotEntry): string {
  if (type === "folder") return "a folder";
  return type === "symlink" ? `a link to "${linkTarget ?? ""}"` : "neither file, folder nor link";
}

function noFile(path: string, what: string): SnapError {
  return new SnapError("path-invalid", `"${path}" is ${what}, and no file`, {
    path,
    hint: "`snap ls SNAPSHOT PATH` lists a folder, `snap export SNAPSHOT FILE --paths PATH` makes an archive of it.",
  });
}

/** Where the content of a file is that the store does not hold. */
function contentElsewhere({ path, remote, flags }: SnapshotEntry, { id }: SnapshotRoot): SnapError {
  if (!flags.includes("thin")) {
    return new SnapError("not-found", `"${path}" could not be read when the snapshot was taken`, {
      path,
      hint: "`snap find` tells which other snapshots hold it.",
    });
  }
  const revision = remote === undefined ? "" : `, as revision ${remote.rev} of ${remote.id}`;
  return new SnapError("not-found", `The content of "${path}" is only in Dropbox${revision}`, {
    path,
    hint: `\`snap hydrate ${id.slice(0, 8)}\` fetches it into the store. Dropbox keeps a replaced revision for 30 days at least.`,
  });
}
