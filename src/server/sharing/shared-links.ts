import { assert } from "../../std/assert.ts";
import { accountByRow } from "../accounts/account.ts";
import { randomText } from "../random-text.ts";
import type { Database } from "../store/database.ts";
import { integer, text } from "../store/rows.ts";
import type { Row } from "../store/rows.ts";
import { keyOf, parseNames } from "../tree/place.ts";
import type { Node } from "../tree/node.ts";
import { Tree } from "../tree/tree.ts";
import { isSeen, viewOf } from "../tree/view.ts";
import { nowOf } from "../wire/call.ts";
import type { Services } from "../wire/call.ts";
import { opens } from "./link-address.ts";
import type { LinkAddress } from "./link-address.ts";

/** A public link to a node. It has the node's id, so it follows every move; while the node is gone, so is the link. */
export type SharedLink = {
  readonly id: string;
  readonly account: number;
  readonly node: string;
  readonly secret: string;
  readonly made: number;
};

/** A link that works, and what it leads to. */
export type OpenLink = {
  readonly link: SharedLink;
  /** Everything of the owner's. */
  readonly tree: Tree;
  readonly linked: Node;
  /** What was asked for: the linked node, or something inside the linked folder. */
  readonly node: Node;
  /** Its path below the linked folder: empty, or beginning with "/", with names as stored. */
  readonly below: string;
};

/** The link to a node, if it has one. */
export function linkTo(database: Database, account: number, { id }: Node): SharedLink | undefined {
  const row = database.first(
    "SELECT * FROM shared_links WHERE account = ? AND node = ?",
    account,
    id,
  );
  return row === undefined ? undefined : linkOf(row);
}

/** Make the link to a node, which has none. Called inside a transaction. */
export function addLink(services: Services, account: number, { id }: Node): SharedLink {
  const { database, rng } = services;
  const link: SharedLink = {
    id: randomText(rng, 22),
    account,
    node: id,
    secret: randomText(rng, 25),
    made: nowOf(services),
  };
  database.run(
    "INSERT INTO shared_links (id, account, node, secret, made) VALUES (?, ?, ?, ?, ?)",
    link.id,
    account,
    link.node,
    link.secret,
    link.made,
  );
  return link;
}

/** End a link. Called inside a transaction. */
export function removeLink(database: Database, { id }: SharedLink): void {
  database.run("DELETE FROM shared_links WHERE id = ?", id);
}

/** A link from its row. */
export function linkOf(row: Row): SharedLink {
  return {
    id: text(row, "id"),
    account: integer(row, "account"),
    node: text(row, "node"),
    secret: text(row, "secret"),
    made: integer(row, "made"),
  };
}

/** The link of an id, whoever has it. */
export function linkById(database: Database, id: string): SharedLink | undefined {
  const row = database.first("SELECT * FROM shared_links WHERE id = ?", id);
  return row === undefined ? undefined : linkOf(row);
}

/** The link that an address opens, whether or not its node is there now. */
export function linkAt(database: Database, address: LinkAddress): SharedLink | undefined {
  const link = linkById(database, address.id);
  return link !== undefined && opens(address, link) ? link : undefined;
}

/** Whether an app of the owner's sees what a link leads to, or saw it where it was removed last. */
export function isOwnLink(database: Database, { account, node }: SharedLink, tree: Tree): boolean {
  if (tree.view.topKey === "" || tree.byId(node) !== undefined) return true;
  if (tree.hasId(node)) return false;
  // A move leaves a trace as well; only the end that came last tells where it was.
  const traces = database.all(
    `SELECT key FROM removed WHERE account = ?1 AND id = ?2
     AND ended = (SELECT max(ended) FROM removed WHERE account = ?1 AND id = ?2)`,
    account,
    node,
  );
  return traces.length > 0 && traces.every((trace) => isSeen(text(trace, "key"), tree.view));
}

/** What an address leads to now; undefined where it is wrong, revoked, or its node is gone. */
export function openLink(services: Services, address: LinkAddress): OpenLink | undefined {
  const link = linkAt(services.database, address);
  if (link === undefined) return undefined;
  const tree = ownersTree(services, link.account);
  const linked = tree.byId(link.node);
  if (linked === undefined) return undefined;
  const inside = insideOf(tree, linked, address.below);
  return inside === undefined ? undefined : { link, tree, linked, ...inside };
}

/** All that an account has, whoever asks: a link decides by itself what of it is shown. */
export function ownersTree(services: Services, accountRow: number): Tree {
  const { database, rng, limits } = services;
  const account = accountByRow(database, accountRow);
  assert(account !== undefined, "a shared link belongs to an account");
  return new Tree({
    database,
    rng,
    account,
    view: viewOf(account.namespace),
    nowSeconds: nowOf(services),
    retentionSeconds: limits.retentionSeconds,
  });
}

/** What is at a path inside a linked node. Names cannot lead out of it: "." and ".." are none. */
export function insideOf(
  tree: Tree,
  linked: Node,
  path: string,
): { readonly node: Node; readonly below: string } | undefined {
  const names = parseNames(path, "read");
  if (names === undefined) return undefined;
  if (names.length === 0) return { node: linked, below: "" };
  const node = tree.at(linked.key + keyOf(names));
  return node === undefined ? undefined : { node, below: belowOf(node, linked) };
}

/** The path of a node below a folder that it is in, with names as stored. */
export function belowOf(node: Node, folder: Node): string {
  const depth = folder.key.split("/").length;
  return ["", ...node.display.split("/").slice(depth)].join("/");
}
