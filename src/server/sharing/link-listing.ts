import { present } from "../../std/assert.ts";
import { changesStretch } from "../files/delta.ts";
import type { CursorCodec, CursorState } from "../files/cursor.ts";
import { shuffled } from "../files/entry-order.ts";
import { epochOf } from "../files/epoch.ts";
import { nodesStretch } from "../files/listing-pages.ts";
import { cursorsFor } from "../files/purpose-cursors.ts";
import { checkEpoch, handedOut } from "../files/resume.ts";
import { wholePage } from "../files/stretch.ts";
import type { ListedNode } from "../files/stretch.ts";
import { pageEntriesDefault } from "../limits.ts";
import { deletedMetadata, metadata } from "../tree/node.ts";
import type { FolderNode, Node } from "../tree/node.ts";
import type { Tree } from "../tree/tree.ts";
import { isSeen } from "../tree/view.ts";
import type { View } from "../tree/view.ts";
import type { Call, OpenCall } from "../wire/call.ts";
import { BadCall, EndpointFailure, LookupFailure, tag, wrapFailures } from "../wire/failure.ts";
import type { Json, JsonObject } from "../wire/failure.ts";
import { isObject } from "../wire/schema.ts";
import { parseLinkUrl } from "./link-address.ts";
import { insideOf, linkById, openLink, ownersTree } from "./shared-links.ts";
import type { OpenLink } from "./shared-links.ts";

/** Where the listing of a linked folder stands; the link has to work at every step. */
type SharedListing = { readonly link: string; readonly listing: CursorState };

/**
 * `files/list_folder` with `shared_link`: what is directly in a linked folder, or in one below it. Paths are told to
 * the owner only.
 *
 * @param user who calls, where it is somebody with an account.
 */
export function listSharedFolder(call: OpenCall, user?: Call): JsonObject {
  const { argument, services } = call;
  if (!argument.has("shared_link")) {
    throw new BadCall("request body: shared_link: required for a call by an app");
  }
  if (argument.flag("recursive")) {
    throw new BadCall("request body: recursive: not supported with shared_link");
  }
  const { open, folder } = wrapFailures({ lookup: "path", write: "path" }, () => {
    const found = openedLink(call);
    return { open: found, folder: folderInside(found, argument.text("path")) };
  });
  const { link, tree } = open;
  const listing: CursorState = {
    account: link.account,
    view: "",
    folderKey: folder.key,
    folderId: folder.id,
    options: {
      recursive: false,
      includeDeleted: false,
      mediaInfo: false,
      limit: argument.optionalCount("limit") ?? pageEntriesDefault,
    },
    epoch: present(epochOf(services.database, link.account), "the account of the link"),
    afterKey: "",
    position: tree.journal.head(),
  };
  return pageResult(call, { link: link.id, listing }, { tree, owner: ownView(user, link.account) });
}

/** @throws {LookupFailure} `not_found` for anything that is no link that works. */
function openedLink({ argument, services, request }: OpenCall): OpenLink {
  const url = argument.inner("shared_link").text("url");
  const address = parseLinkUrl(url, new URL(request.url));
  const isKnown = address !== "malformed" && address !== "former";
  const open = isKnown ? openLink(services, address) : undefined;
  if (open === undefined) throw new LookupFailure("not_found");
  return open;
}

function folderInside({ tree, node }: OpenLink, path: string): FolderNode {
  if (!/^(?:$|\/)/.test(path)) throw new LookupFailure("malformed_path");
  const inside = insideOf(tree, node, path);
  if (inside === undefined) throw new LookupFailure("not_found");
  if (inside.node.kind === "file") throw new LookupFailure("not_folder");
  return inside.node;
}

/**
 * `files/list_folder/continue` with a cursor of such a listing; undefined for any other cursor.
 *
 * @throws {EndpointFailure} `path/not_found` when the link or the folder is gone, `reset`.
 */
export function continueSharedFolder(call: OpenCall, user?: Call): JsonObject | undefined {
  const state = codec(call).decode(call.argument.text("cursor"));
  if (state === undefined) return undefined;
  checkEpoch(call, state.listing);
  const tree = wrapFailures({ lookup: "path", write: "path" }, () => stillLinked(call, state));
  return pageResult(call, state, { tree, owner: ownView(user, state.listing.account) });
}

/** As `continueSharedFolder`, for calls that can bring no other cursor. */
export function continueByApp(call: OpenCall): JsonObject {
  const page = continueSharedFolder(call);
  if (page === undefined) throw new BadCall('Invalid "cursor" parameter');
  return page;
}

/** The owner's tree, where the folder is still behind the link and where it was. */
function stillLinked({ services }: OpenCall, { link, listing }: SharedListing): Tree {
  const known = linkById(services.database, link);
  if (known === undefined) throw new LookupFailure("not_found");
  const tree = ownersTree(services, known.account);
  const linked = tree.byId(known.node);
  const folder = tree.byId(listing.folderId);
  if (linked === undefined || folder === undefined || !isWithin(folder, linked)) {
    throw new LookupFailure("not_found");
  }
  // It was moved along with the link: the keys that the cursor counts by are others now.
  if (folder.key !== listing.folderKey) throw new EndpointFailure(tag("reset"));
  return tree;
}

function isWithin(node: Node, folder: Node): boolean {
  return node.key === folder.key || node.key.startsWith(`${folder.key}/`);
}

/** What the caller sees of the namespace, if it is the caller's own. */
function ownView(user: Call | undefined, account: number): View | undefined {
  return user?.account.account === account ? user.view : undefined;
}

function codec({ services }: OpenCall): CursorCodec<SharedListing> {
  return cursorsFor<SharedListing>(services, "linked folder");
}

function pageResult(
  call: OpenCall,
  { link, listing }: SharedListing,
  { tree, owner }: { readonly tree: Tree; readonly owner: View | undefined },
): JsonObject {
  const { database, rng, limits } = call.services;
  const horizon = tree.journal.head();
  const source = { database, tree, horizon, scanMax: limits.journalScanMax };
  const isFirstPhase = listing.afterKey !== undefined;
  const page = wholePage(
    isFirstPhase ? nodesStretch(source, listing) : changesStretch(source, listing),
  );
  const entries = isFirstPhase ? shuffled(page.entries, rng) : page.entries;
  return {
    entries: entries.map((entry) => shownEntry(entry, tree.view, owner)),
    cursor: codec(call).encode({ link, listing: handedOut(call.services, page.next) }),
    has_more: page.hasMore,
  };
}

function shownEntry(entry: ListedNode, whole: View, owner: View | undefined): Json {
  const shownBy = (view: View): Json =>
    entry.kind === "deleted" ? deletedMetadata(entry, view) : metadata(entry, view);
  if (owner !== undefined && isSeen(entry.key, owner)) return shownBy(owner);
  const shown = shownBy(whole);
  return isObject(shown) ? { ...shown, path_lower: undefined, path_display: undefined } : shown;
}
