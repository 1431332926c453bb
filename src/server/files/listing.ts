import { readTree } from "../wire/call.ts";
import type { Call } from "../wire/call.ts";
import type { CursorState } from "./cursor.ts";
import { changesStretch } from "./delta.ts";
import { shuffled } from "./entry-order.ts";
import { epochOf } from "./epoch.ts";
import { horizonOf } from "./horizon.ts";
import { BadCall, LookupFailure, wrapFailures } from "../wire/failure.ts";
import type { Json, JsonObject } from "../wire/failure.ts";
import { pageEntriesDefault } from "../limits.ts";
import { nodesStretch } from "./listing-pages.ts";
import { faultyPage } from "./page-faults.ts";
import { cursorCodec, handedOut, resumed } from "./resume.ts";
import { wholePage } from "./stretch.ts";
import type { Page } from "./stretch.ts";
import { present } from "../../std/assert.ts";
import { deletedMetadata, metadata } from "../tree/node.ts";
import { lookUp, lookUpRev, present as presentNode } from "../tree/place.ts";
import type { Tree } from "../tree/tree.ts";
import { continueSharedFolder, listSharedFolder } from "../sharing/link-listing.ts";

/** `files/get_metadata`: by path, `id:`, `rev:` (fact sheet 4.5). */
export function getMetadata(call: Call): Json {
  const { argument } = call;
  const path = argument.text("path");
  const tree = readTree(call);
  return wrapFailures({ lookup: "path", write: "path" }, () => {
    if (path.startsWith("rev:")) return metadata(lookUpRev(tree, path.slice(4)), call.view);
    const lookup = lookUp(tree, path, "read");
    // `ns:…` alone; the root by its other names is refused before.
    if (lookup.key === tree.view.topKey) {
      throw new BadCall("request body: path: The root folder is unsupported.");
    }
    const removed = lookup.node === undefined ? tree.removedAt(lookup.key) : undefined;
    if (removed !== undefined && argument.flag("include_deleted"))
      return deletedMetadata(removed, call.view);
    return metadata(presentNode(lookup), call.view);
  });
}

/** `files/list_folder`: the first page. */
export function listFolder(call: Call): JsonObject {
  if (call.argument.has("shared_link")) return listSharedFolder(call, call);
  const tree = readTree(call);
  return nextPage(call, tree, beginning(call, tree));
}

/** `files/list_folder/get_latest_cursor`: as if every page had been read. */
export function latestCursor(call: Call): JsonObject {
  const { services } = call;
  const state = { ...beginning(call, readTree(call)), afterKey: undefined };
  return { cursor: cursorCodec(services).encode(handedOut(services, state)) };
}

/** `files/list_folder/continue`: the next page, or the changes since the cursor. */
export function continueListing(call: Call): JsonObject {
  const sharedPage = continueSharedFolder(call, call);
  if (sharedPage !== undefined) return sharedPage;
  const tree = readTree(call);
  return nextPage(call, tree, resumed(call, tree));
}

/** Where a listing starts: before the first node, at the end of the journal as far as the call sees it. */
function beginning(call: Call, tree: Tree): CursorState {
  const { argument, account, services, disturbance } = call;
  if (argument.has("shared_link")) {
    throw new BadCall("request body: shared_link: not supported by this function");
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
      mediaInfo: argument.flag("include_media_info"),
      limit: argument.optionalCount("limit") ?? pageEntriesDefault,
    },
    epoch: present(epochOf(services.database, account.account), "the account of the call"),
    afterKey: "",
    position: horizonOf(disturbance, tree.journal),
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
  const node = presentNode(lookup);
  if (node.kind === "file") throw new LookupFailure("not_folder");
  return node;
}

function nextPage(call: Call, tree: Tree, state: CursorState): JsonObject {
  const { services, view } = call;
  const { entries, next, hasMore } = pageFrom(call, tree, state);
  return {
    entries: entries.map((node) =>
      node.kind === "deleted" ? deletedMetadata(node, view) : metadata(node, view),
    ),
    cursor: cursorCodec(services).encode(handedOut(services, next)),
    has_more: hasMore,
  };
}

function pageFrom({ services, disturbance }: Call, tree: Tree, state: CursorState): Page {
  const { database, rng, limits } = services;
  const horizon = horizonOf(disturbance, tree.journal);
  const source = { database, tree, horizon, scanMax: limits.journalScanMax };
  const isFirstPhase = state.afterKey !== undefined;
  const stretch = isFirstPhase ? nodesStretch(source, state) : changesStretch(source, state);
  if (disturbance.page !== undefined) return faultyPage(stretch, disturbance.page.kind, rng);
  const page = wholePage(stretch);
  return isFirstPhase ? { ...page, entries: shuffled(page.entries, rng) } : page;
}
