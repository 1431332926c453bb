import { isoSeconds } from "../../std/time.ts";
import { readTree } from "../wire/call.ts";
import type { Call } from "../wire/call.ts";
import { EndpointFailure, LookupFailure, tag, wrapFailures } from "../wire/failure.ts";
import type { JsonObject } from "../wire/failure.ts";
import { fileMetadata, keysBelow, parseRev, revisionOf } from "../tree/node.ts";
import type { FileNode, Place } from "../tree/node.ts";
import { lookUp } from "../tree/place.ts";
import type { Tree } from "../tree/tree.ts";

/** The file whose revisions are asked for: live, or removed at `ended`. */
type Subject = Place & { readonly id: string; readonly ended: number | undefined };

/** `files/list_revisions`: newest first, modes `path` and `id` (V46). */
export function listRevisions(call: Call): JsonObject {
  const { argument, account } = call;
  const tree = readTree(call);
  const subject = wrapFailures({ lookup: "path", write: "path" }, () =>
    subjectAt(tree, argument.text("path")),
  );
  const byId = argument.choice("mode").name === "id";
  const limit = argument.count("limit");
  const before = beforeRev(call, tree, byId ? undefined : subject.key);
  // What was written outside the view is not there for its app.
  const seen = keysBelow(call.view.topKey);
  const rows = call.services.database.all(
    byId ? queries.byId : queries.byPath,
    account.account,
    byId ? subject.id : subject.key,
    seen.from,
    seen.to,
    before ?? Number.MAX_SAFE_INTEGER,
    tree.retainedSince(),
    limit + 1,
  );
  const found = rows.map((row) => shownAt(revisionOf(row), subject));
  return {
    is_deleted: subject.ended !== undefined,
    server_deleted: subject.ended === undefined ? undefined : isoSeconds(subject.ended * 1000),
    entries: found.slice(0, limit).map((file) => fileMetadata(file, call.view)),
    has_more: found.length > limit,
  };
}

const kept =
  "key >= ? AND key < ? AND rev < ? AND (ended IS NULL OR ended > ?) ORDER BY rev DESC LIMIT ?";

const queries = {
  byPath: `SELECT * FROM revisions WHERE account = ? AND key = ? AND ${kept}`,
  byId: `SELECT * FROM revisions WHERE account = ? AND id = ? AND ${kept}`,
} as const;

/**
 * The counter of `before_rev`, a revision at `key`; undefined key for a listing by id.
 *
 * @throws {EndpointFailure} `before_rev_not_supported` by id, `invalid_before_rev`.
 */
function beforeRev(
  { argument, account }: Call,
  tree: Tree,
  key: string | undefined,
): number | undefined {
  const text = argument.optionalText("before_rev");
  if (text === undefined) return undefined;
  if (key === undefined) throw new EndpointFailure(tag("before_rev_not_supported"));
  const rev = parseRev(text, account.namespace);
  const known = rev === undefined ? undefined : tree.revision(rev);
  if (known?.key !== key) throw new EndpointFailure(tag("invalid_before_rev"));
  return rev;
}

function subjectAt(tree: Tree, path: string): Subject {
  const { key, node } = lookUp(tree, path, "read");
  if (key === tree.view.topKey) throw new LookupFailure("not_file");
  const removed = node === undefined ? tree.removedAt(key) : undefined;
  const subject = node ?? removed;
  if (subject === undefined) throw new LookupFailure("not_found");
  if (subject.kind === "folder") throw new LookupFailure("not_file");
  const { display, id } = subject;
  return { key: subject.key, display, id, ended: removed?.ended };
}

/** Entries carry the path that was asked for, not the one they were written at (fact sheet 4.9). */
function shownAt(file: FileNode, { key, display }: Place): FileNode {
  return { ...file, key, display };
}
