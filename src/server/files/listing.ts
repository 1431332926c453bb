import { randomFraction } from "../../std/random.ts";
import type { Rng } from "../../std/random.ts";
import { readTree } from "../wire/call.ts";
import type { Call } from "../wire/call.ts";
import { CursorCodec } from "./cursor.ts";
import type { CursorState } from "./cursor.ts";
import { changesPage } from "./delta.ts";
import { BadCall, EndpointFailure, LookupFailure, tag, wrapFailures } from "../wire/failure.ts";
import type { Json, JsonObject } from "../wire/failure.ts";
import { pageEntriesDefault } from "../limits.ts";
import { folderPage } from "./listing-pages.ts";
import type { ListedNode, Page } from "./listing-pages.ts";
import { deletedMetadata, metadata } from "../tree/node.ts";
import { lookUp, lookUpRev, present } from "../tree/place.ts";
import type { Tree } from "../tree/tree.ts";

/** `files/get_metadata`: by path, `id:`, `rev:` (fact sheet 4.5). */
export function getMetadata(call: Call): Json {
  const { argument } = call;
  const path = argument.text("path");
  const tree = readTree(call);
  return wrapFailures({ lookup: "path", write: "path" }, () => {
    if (path.startsWith("rev:")) return metadata(lookUpRev(tree, path.slice(4)), call.view);
    const lookup = lookUp(tree, path, "read");
    const removed = lookup.node === undefined ? tree.removedAt(lookup.key) : undefined;
    if (removed !== undefined && argument.flag("include_deleted"))
      return deletedMetadata(removed, call.view);
    return metadata(present(lookup), call.view);
  });
}

/** `files/list_folder`: the first page. */
export function listFolder(call: Call): JsonObject {
  const state = beginning(call, readTree(call));
  return pageResult(call, nextPage(call, state));
}

/** `files/list_folder/get_latest_cursor`: as if every page had been read. */
export function latestCursor(call: Call): JsonObject {
  const tree = readTree(call);
  const state = beginning(call, tree);
  return { cursor: codec(call).encode({ ...state, afterKey: undefined }) };
}

/** `files/list_folder/continue`: the next page, or the changes since the cursor. */
export function continueListing(call: Call): JsonObject {
  const { services, account, argument } = call;
  const state = codec(call).decode(argument.text("cursor"));
  if (state?.account !== account.account || state.view !== call.view.topKey) {
    throw new BadCall('Invalid "cursor" parameter');
  }
  const tree = readTree(call);
  // Another epoch, or a position that is still to come: an older copy of the database was put back (V31).
  const known = state.epoch === services.database.secret("epoch");
  if (!known || state.position > tree.journal.head()) throw new EndpointFailure(tag("reset"));
  wrapFailures({ lookup: "path", write: "path" }, () => checkFolder(tree, state));
  return pageResult(call, nextPage(call, state));
}

function codec({ services }: Call): CursorCodec {
  return new CursorCodec(services.database.secret("cursor-key"), services.rng);
}

/** The folder must still be the same one (V31); a removed one can be listed with what was in it (Choice 14). */
function checkFolder(tree: Tree, { folderKey, folderId, options, afterKey }: CursorState): void {
  if (folderKey === tree.view.topKey) return;
  const id = tree.at(folderKey)?.id;
  if (id === folderId) return;
  const removed = id === undefined ? tree.removedAt(folderKey) : undefined;
  const listed = options.includeDeleted && afterKey !== undefined;
  if (!listed || removed?.id !== folderId) throw new LookupFailure("not_found");
}

/** Where a listing starts: before the first node, at the present end of the journal. */
function beginning(call: Call, tree: Tree): CursorState {
  const { argument, account, services } = call;
  if (argument.has("shared_link")) {
    throw new BadCall("shared_link: listing a shared link is not supported by this server");
  }
  const includeDeleted = argument.flag("include_deleted");
  const folder = wrapFailures({ lookup: "path", write: "path" }, () =>
    listedFolder(tree, argument.text("path"), includeDeleted),
  );
  return {
    account: account.account,
    view: call.view.topKey,
    folderKey: folder.key,
    folderId: folder.id,
    options: {
      recursive: argument.flag("recursive"),
      includeDeleted,
      limit: argument.optionalCount("limit") ?? pageEntriesDefault,
    },
    epoch: services.database.secret("epoch"),
    afterKey: "",
    position: tree.journal.head(),
  };
}

function listedFolder(
  tree: Tree,
  path: string,
  includeDeleted: boolean,
): { readonly key: string; readonly id: string } {
  const lookup = lookUp(tree, path, "read");
  if (lookup.key === tree.view.topKey) return { key: lookup.key, id: "" };
  const removed = lookup.node === undefined ? tree.removedAt(lookup.key) : undefined;
  if (includeDeleted && removed?.kind === "folder") return removed;
  const node = present(lookup);
  if (node.kind === "file") throw new LookupFailure("not_folder");
  return node;
}

function nextPage(call: Call, state: CursorState): Page {
  const tree = readTree(call);
  const { database } = call.services;
  return state.afterKey === undefined
    ? changesPage(database, tree, state)
    : firstPhasePage(call, tree, state);
}

/** Shuffled, because nobody shall rely on an order; parents stay before what they contain (V28). */
function firstPhasePage(call: Call, tree: Tree, state: CursorState): Page {
  const { nodes, lastKey } = folderPage(call.services.database, tree, state);
  return {
    entries: shuffled(nodes, call.services.rng),
    next: { ...state, afterKey: lastKey },
    hasMore: lastKey !== undefined || tree.journal.hasAfter(state.position),
  };
}

function shuffled(nodes: readonly ListedNode[], rng: Rng): readonly ListedNode[] {
  const depth = (node: ListedNode): number => node.key.split("/").length;
  return nodes
    .map((node) => ({ node, depth: depth(node), chance: randomFraction(rng) }))
    .toSorted((a, b) => a.depth - b.depth || a.chance - b.chance)
    .map(({ node }) => node);
}

function pageResult(call: Call, { entries, next, hasMore }: Page): JsonObject {
  return {
    entries: entries.map((node) =>
      node.kind === "deleted" ? deletedMetadata(node, call.view) : metadata(node, call.view),
    ),
    cursor: codec(call).encode(next),
    has_more: hasMore,
  };
}
