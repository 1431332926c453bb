import { reading, uploads } from "./conformance-content.ts";
import { batch, commitTo } from "./conformance-step.ts";
import type { Step } from "./conformance-step.ts";

const pair = (from: string, to: string) => ({ from_path: from, to_path: to });

const people: readonly Step[] = [
  {
    route: "users/get_current_account",
    status: 200,
    keep: (json, memory) => (memory["account"] = json.account_id),
  },
  { route: "users/get_space_usage", status: 200 },
  {
    route: "users/features/get_values",
    argument: () => ({ features: [{ ".tag": "paper_as_files" }] }),
    status: 200,
  },
  {
    route: "users/features/get_values",
    argument: () => ({ features: [] }),
    status: 409,
    holds: "empty_features_list",
  },
  { route: "users/get_account", argument: (m) => ({ account_id: m["account"] }), status: 200 },
  {
    route: "users/get_account",
    argument: () => ({ account_id: `dbid:${"A".repeat(35)}` }),
    status: 409,
    holds: "no_account",
  },
  {
    route: "users/get_account_batch",
    argument: (m) => ({ account_ids: [m["account"]] }),
    status: 200,
  },
  {
    route: "users/get_account_batch",
    argument: () => ({ account_ids: [`dbid:${"A".repeat(35)}`] }),
    status: 409,
    holds: "no_account",
  },
  { route: "check/user", argument: () => ({ query: "\u00e9" }), status: 200, holds: "\\u00e9" },
  { route: "check/app", argument: () => ({ query: "x" }), by: "app", status: 200 },
  { route: "check/app", argument: () => ({ query: "x" }), status: 400 },
];

const links: readonly Step[] = [
  { route: "files/get_temporary_link", argument: (m) => ({ path: m["id"] }), status: 200 },
  { route: "files/get_temporary_link", argument: () => ({ path: "/A" }), status: 409 },
  {
    route: "files/get_temporary_upload_link",
    argument: () => ({ commit_info: commitTo("/by link") }),
    status: 200,
  },
  {
    route: "sharing/create_shared_link_with_settings",
    argument: () => ({ path: "/A" }),
    status: 200,
    keep: (json, memory) => (memory["url"] = json.url),
  },
  {
    route: "sharing/create_shared_link_with_settings",
    argument: () => ({ path: "/A" }),
    status: 409,
    holds: "shared_link_already_exists",
  },
  { route: "sharing/get_shared_link_metadata", argument: (m) => ({ url: m["url"] }), status: 200 },
  {
    route: "sharing/get_shared_link_metadata",
    argument: () => ({ url: "https://www.dropbox.com/scl/fi/none/x?rlkey=none" }),
    status: 409,
    holds: "shared_link_not_found",
  },
  {
    route: "files/list_folder",
    argument: (m) => ({ path: "", shared_link: { url: m["url"] } }),
    by: "app",
    status: 200,
  },
  { route: "sharing/list_shared_links", argument: () => ({}), status: 200 },
  { route: "sharing/list_shared_links", argument: () => ({ path: "/no" }), status: 409 },
  { route: "sharing/revoke_shared_link", argument: (m) => ({ url: m["url"] }), status: 200 },
  { route: "sharing/revoke_shared_link", argument: (m) => ({ url: m["url"] }), status: 409 },
];

const tree: readonly Step[] = [
  { route: "files/create_folder_v2", argument: () => ({ path: "/B" }), status: 200 },
  { route: "files/create_folder_v2", argument: () => ({ path: "/b" }), status: 409 },
  { route: "files/create_folder", argument: () => ({ path: "/C" }), status: 200 },
  { route: "files/create_folder", argument: () => ({ path: "/c" }), status: 409 },
  { route: "files/copy_v2", argument: () => pair("/A", "/D"), status: 200 },
  { route: "files/copy_v2", argument: () => pair("/A", "/D"), status: 409, holds: "to/conflict" },
  { route: "files/copy", argument: () => pair("/A", "/E"), status: 200 },
  { route: "files/copy", argument: () => pair("/no", "/E"), status: 409, holds: "from_lookup" },
  { route: "files/move_v2", argument: () => pair("/D", "/F"), status: 200 },
  { route: "files/move_v2", argument: () => pair("/F", "/F/x"), status: 409 },
  { route: "files/move", argument: () => pair("/E", "/G"), status: 200 },
  { route: "files/move", argument: () => pair("/E", "/G"), status: 409 },
  ...batch("files/create_folder_batch", "files/create_folder_batch/check", {
    paths: ["/H", "/bad/"],
    force_async: true,
  }),
  ...batch("files/copy_batch_v2", "files/copy_batch/check_v2", { entries: [pair("/H", "/I")] }),
  ...batch("files/copy_batch", "files/copy_batch/check", { entries: [pair("/H", "/J")] }),
  ...batch("files/move_batch_v2", "files/move_batch/check_v2", { entries: [pair("/I", "/K")] }),
  ...batch("files/move_batch", "files/move_batch/check", { entries: [pair("/J", "/L")] }),
  ...batch("files/delete_batch", "files/delete_batch/check", { entries: [{ path: "/L" }] }),
  { route: "files/delete_v2", argument: () => ({ path: "/K" }), status: 200 },
  { route: "files/delete_v2", argument: () => ({ path: "/K" }), status: 409, holds: "path_lookup" },
  { route: "files/delete", argument: () => ({ path: "/H" }), status: 200 },
  { route: "files/delete", argument: () => ({ path: "/H" }), status: 409 },
  { route: "files/permanently_delete", argument: () => ({ path: "/G" }), status: 200 },
  { route: "files/permanently_delete", argument: () => ({ path: "/no" }), status: 409 },
  { route: "files/no_such_function", argument: () => ({}), status: 400, holds: "Unknown API" },
  { route: "auth/token/revoke", status: 200, holds: "null" },
  { route: "auth/token/revoke", status: 401, holds: "invalid_access_token" },
];

/** One account's day: each call finds what those before it left. The token serves to the end. */
export const steps: readonly Step[] = [...people, ...uploads, ...reading, ...links, ...tree];
