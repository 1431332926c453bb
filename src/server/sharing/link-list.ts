import { cursorsFor } from "../files/purpose-cursors.ts";
import { linkBase } from "../files/link-base.ts";
import { liveNode } from "../files/live-node.ts";
import { sharedLinksPageMax } from "../limits.ts";
import { keysBelow, parentKey } from "../tree/node.ts";
import type { Node } from "../tree/node.ts";
import { isSeen } from "../tree/view.ts";
import { readTree } from "../wire/call.ts";
import type { Call } from "../wire/call.ts";
import { EndpointFailure, tag, wrapFailures } from "../wire/failure.ts";
import type { JsonObject } from "../wire/failure.ts";
import type { Tree } from "../tree/tree.ts";
import type { CursorCodec } from "../files/cursor.ts";
import { linkMetadata } from "./link-metadata.ts";
import { linkOf, linkTo, ownersTree } from "./shared-links.ts";
import type { SharedLink } from "./shared-links.ts";

/** Where the list of an account's links goes on: behind this link. */
type ListState = {
  readonly account: number;
  readonly view: string;
  readonly made: number;
  readonly id: string;
};

/** `sharing/list_shared_links`: those that lead to a path, or page by page all that the app can see. */
export function listSharedLinks(call: Call): JsonObject {
  const path = call.argument.optionalText("path");
  return path === undefined ? allLinks(call) : linksAt(call, path);
}

/** The link to a path itself first, then those to the folders that it is in. */
function linksAt(call: Call, path: string): JsonObject {
  const { argument, services, account } = call;
  const tree = readTree(call);
  if (path === "/") return { links: [], has_more: false };
  const node = wrapFailures({ lookup: "path", write: "path" }, () => liveNode(tree, path));
  const directOnly = argument.has("direct_only") && argument.flag("direct_only");
  const nodes = directOnly ? [node] : [node, ...foldersAbove(tree, node)];
  const links = nodes.flatMap((each) => linkTo(services.database, account.account, each) ?? []);
  return { links: shownLinks(call, links), has_more: false };
}

/** The folders that a node is in, as far as the app can see them, the nearest first. */
function foldersAbove(tree: Tree, node: Node): readonly Node[] {
  const folders: Node[] = [];
  for (let key = parentKey(node.key); isSeen(key, tree.view); key = parentKey(key)) {
    const folder = tree.at(key);
    if (folder !== undefined) folders.push(folder);
  }
  return folders;
}

/** Newest first. */
function allLinks(call: Call): JsonObject {
  const { services, account, view } = call;
  const { from, to } = keysBelow(view.topKey);
  const after = position(call);
  const rows = services.database.all(
    `SELECT l.* FROM shared_links l JOIN nodes n ON n.account = l.account AND n.id = l.node
     WHERE l.account = ? AND n.key >= ? AND n.key < ? AND (l.made, l.id) < (?, ?)
     ORDER BY l.made DESC, l.id DESC LIMIT ?`,
    account.account,
    from,
    to,
    after.made,
    after.id,
    sharedLinksPageMax + 1,
  );
  const links = rows.slice(0, sharedLinksPageMax).map(linkOf);
  const last = rows.length > sharedLinksPageMax ? links.at(-1) : undefined;
  const state = { account: account.account, view: view.topKey };
  return {
    links: shownLinks(call, links),
    has_more: last !== undefined,
    cursor: last && codec(call).encode({ ...state, made: last.made, id: last.id }),
  };
}

/** @throws {EndpointFailure} `reset` for a cursor that is none, or another account's. */
function position(call: Call): Pick<ListState, "made" | "id"> {
  const cursor = call.argument.optionalText("cursor");
  if (cursor === undefined) return { made: Number.MAX_SAFE_INTEGER, id: "" };
  const state = codec(call).decode(cursor);
  const isOwn = state?.account === call.account.account && state.view === call.view.topKey;
  if (state === undefined || !isOwn) throw new EndpointFailure(tag("reset"));
  return state;
}

function codec({ services }: Call): CursorCodec<ListState> {
  return cursorsFor<ListState>(services, "shared links");
}

function shownLinks(call: Call, links: readonly SharedLink[]): readonly JsonObject[] {
  const { services, account, view, request } = call;
  const tree = ownersTree(services, account.account);
  const reader = { base: linkBase(request), owner: view };
  return links.flatMap((link) => {
    const node = tree.byId(link.node);
    return node === undefined
      ? []
      : [linkMetadata({ link, tree, linked: node, node, below: "" }, reader)];
  });
}
