import { isoSeconds } from "../../std/time.ts";
import { nameOf, revText } from "../tree/node.ts";
import type { FileNode } from "../tree/node.ts";
import { isSeen, shownPlace } from "../tree/view.ts";
import type { View } from "../tree/view.ts";
import { tag } from "../wire/failure.ts";
import type { JsonObject, Tagged } from "../wire/failure.ts";
import { linkUrl } from "./link-address.ts";
import type { OpenLink } from "./shared-links.ts";

/** Who asks about a link: the view of its owner, or undefined for anybody else. */
export type LinkReader = { readonly base: string; readonly owner: View | undefined };

/** `SharedLinkMetadata` (fact sheet 4.11). Only the owner learns the path, and may revoke. */
export function linkMetadata(open: OpenLink, { base, owner }: LinkReader): Tagged {
  const { link, node, tree } = open;
  const own = owner !== undefined && isSeen(node.key, owner) ? owner : undefined;
  return {
    ".tag": node.kind,
    url: linkUrl(base, link, { node, below: open.below }),
    id: node.id,
    name: nameOf(node.display),
    path_lower: own === undefined ? undefined : shownPlace(node, own).key,
    link_permissions: permissions(own !== undefined),
    ...(node.kind === "file" ? fileMembers(node, tree.account.namespace) : {}),
  };
}

function fileMembers(file: FileNode, namespace: number): JsonObject {
  return {
    client_modified: isoSeconds(file.clientModified * 1000),
    server_modified: isoSeconds(file.serverModified * 1000),
    rev: revText(file.rev, namespace),
    size: file.size,
  };
}

/** Every member that some SDK requires; all links are public, and none can be anything else (V48). */
function permissions(isOwner: boolean): JsonObject {
  const visible = tag("public");
  return {
    resolved_visibility: visible,
    requested_visibility: isOwner ? visible : undefined,
    can_revoke: isOwner,
    revoke_failure_reason: isOwner ? undefined : tag("owner_only"),
    effective_audience: visible,
    link_access_level: tag("viewer"),
    visibility_policies: [{ policy: visible, resolved_policy: visible, allowed: true }],
    can_set_expiry: false,
    can_remove_expiry: false,
    allow_download: true,
    can_allow_download: true,
    can_disallow_download: false,
    allow_comments: true,
    team_restricts_comments: false,
    can_set_password: false,
    can_remove_password: false,
    require_password: false,
  };
}
