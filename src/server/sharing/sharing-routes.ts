/**
 * @module server/sharing — public links to files and folders (V48).
 *
 * A link is a row with the id of a node and a secret. It leads to whatever has that id now, wherever it was moved to.
 * The routes make, list, explain and end links; the pages serve what is behind them to anybody; `link-listing` lists a
 * linked folder. There are no passwords, no ends in time and no other audience than everybody, as for free accounts.
 */
import { linkBase } from "../files/link-base.ts";
import { liveNode } from "../files/live-node.ts";
import type { Node } from "../tree/node.ts";
import { readTree } from "../wire/call.ts";
import type { AppCall, Call, OpenCall } from "../wire/call.ts";
import { EndpointFailure, nested, tag, wrapFailures } from "../wire/failure.ts";
import type { Json, JsonObject } from "../wire/failure.ts";
import type { Routes } from "../wire/routes.ts";
import { parseLinkUrl } from "./link-address.ts";
import { listSharedLinks } from "./link-list.ts";
import { linkMetadata } from "./link-metadata.ts";
import type { LinkReader } from "./link-metadata.ts";
import { checkSettings } from "./link-settings.ts";
import {
  addLink,
  insideOf,
  isOwnLink,
  linkAt,
  linkTo,
  openLink,
  ownersTree,
  removeLink,
} from "./shared-links.ts";
import type { OpenLink, SharedLink } from "./shared-links.ts";

/** `sharing/…`, as far as it is about links. */
export const sharingRoutes: Routes = {
  "sharing/create_shared_link_with_settings": { user: createLink, neverRoot: ["path"] },
  "sharing/list_shared_links": { user: listSharedLinks },
  "sharing/revoke_shared_link": { user: revokeLink },
  "sharing/get_shared_link_metadata": {
    user: (call) => metadataOfLink(call, call),
    app: (call: AppCall) => metadataOfLink(call, undefined),
  },
};

/** A node has one link at most; a second one would be the same. */
async function createLink(call: Call): Promise<JsonObject> {
  const { argument, services, account } = call;
  if (argument.has("settings")) checkSettings(argument.inner("settings"));
  // Nothing in the namespace changes, so nobody who waits for changes is woken.
  const { node, link, isNew } = await services.database.write(() => {
    const found = wrapFailures({ lookup: "path", write: "path" }, () =>
      liveNode(readTree(call), argument.text("path")),
    );
    const known = linkTo(services.database, account.account, found);
    const made = known ?? addLink(services, account.account, found);
    return { node: found, link: made, isNew: known === undefined };
  });
  const metadata = linkMetadata(ownOpenLink(call, link, node), ownReader(call));
  if (isNew) return metadata;
  const existing = nested("metadata", metadata);
  throw new EndpointFailure(nested("shared_link_already_exists", existing));
}

function ownOpenLink({ services }: Call, link: SharedLink, node: Node): OpenLink {
  const tree = ownersTree(services, link.account);
  return { link, tree, linked: node, node, below: "" };
}

function ownReader({ request, view }: Call): LinkReader {
  return { base: linkBase(request), owner: view };
}

async function revokeLink(call: Call): Promise<Json> {
  const { services, argument, request, account } = call;
  const address = parseLinkUrl(argument.text("url"), new URL(request.url));
  if (address === "malformed") throw failure("shared_link_malformed");
  // What it leads to may be gone for now: restored, it would come back with the link.
  const link = address === "former" ? undefined : linkAt(services.database, address);
  if (link === undefined) throw failure("shared_link_not_found");
  if (link.account !== account.account || !isOwnLink(services.database, link, readTree(call))) {
    throw failure("shared_link_access_denied");
  }
  await services.database.write(() => removeLink(services.database, link));
  return null;
}

/** Anybody with the link may ask; `path` names something inside a linked folder. */
function metadataOfLink(call: OpenCall, user: Call | undefined): Json {
  const { services, argument, request } = call;
  const address = parseLinkUrl(argument.text("url"), new URL(request.url));
  const isKnown = address !== "malformed" && address !== "former";
  const open = isKnown ? openLink(services, address) : undefined;
  const asked = open && insideOf(open.tree, open.node, argument.optionalText("path") ?? "");
  if (open === undefined || asked === undefined) throw failure("shared_link_not_found");
  const owner = user?.account.account === open.link.account ? user.view : undefined;
  const below = open.below + asked.below;
  return linkMetadata({ ...open, node: asked.node, below }, { base: linkBase(request), owner });
}

function failure(name: string): EndpointFailure {
  return new EndpointFailure(tag(name));
}
