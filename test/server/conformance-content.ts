import { batch, commitTo } from "./conformance-step.ts";
import type { Memory, Step } from "./conformance-step.ts";

const cursorAt = (memory: Memory, offset: number) => ({ session_id: memory["session"], offset });

/** What goes in. */
export const uploads: readonly Step[] = [
  {
    route: "files/upload",
    argument: () => ({ path: "/A/\u00c4 \u{1f980}.txt" }),
    body: "0123456789",
    status: 200,
    keep: (json, memory) => Object.assign(memory, { rev: json.rev, id: json.id }),
  },
  {
    route: "files/upload",
    argument: () => ({ path: "/A" }),
    body: "",
    status: 409,
    holds: "folder",
  },
  {
    route: "files/upload_session/start",
    argument: () => ({}),
    body: "one",
    status: 200,
    keep: (json, memory) => (memory["session"] = json.session_id),
  },
  {
    route: "files/upload_session/start",
    argument: () => ({ session_type: { ".tag": "concurrent" }, close: true }),
    body: "",
    status: 409,
    holds: "concurrent_session_close_not_allowed",
  },
  {
    route: "files/upload_session/append_v2",
    argument: (m) => ({ cursor: cursorAt(m, 3) }),
    body: "two",
    status: 200,
    holds: "null",
  },
  {
    route: "files/upload_session/append_v2",
    argument: (m) => ({ cursor: cursorAt(m, 3) }),
    body: "two",
    status: 409,
    holds: '"correct_offset":6',
  },
  {
    route: "files/upload_session/append",
    argument: (m) => cursorAt(m, 6),
    body: "three",
    status: 200,
  },
  {
    route: "files/upload_session/append",
    argument: (m) => cursorAt(m, 6),
    body: "three",
    status: 409,
    holds: "incorrect_offset",
  },
  {
    route: "files/upload_session/finish",
    argument: (m) => ({ cursor: cursorAt(m, 11), commit: commitTo("/session") }),
    body: "",
    status: 200,
  },
  {
    route: "files/upload_session/finish",
    argument: (m) => ({ cursor: cursorAt(m, 11), commit: commitTo("/session") }),
    body: "",
    status: 409,
    holds: "lookup_failed",
  },
  {
    route: "files/upload_session/start_batch",
    argument: () => ({ num_sessions: 1 }),
    status: 200,
    keep: (json, memory) => (memory["session"] = json.session_ids[0]),
  },
  {
    route: "files/upload_session/append_batch",
    argument: (m) => ({ entries: [{ cursor: cursorAt(m, 0), length: 9, close: true }] }),
    body: "four",
    status: 409,
    holds: "length_mismatch",
  },
  {
    route: "files/upload_session/append_batch",
    argument: (m) => ({ entries: [{ cursor: cursorAt(m, 0), length: 4, close: true }] }),
    body: "four",
    status: 200,
  },
  {
    route: "files/upload_session/finish_batch_v2",
    argument: (m) => ({ entries: [{ cursor: cursorAt(m, 4), commit: commitTo("/batch") }] }),
    status: 200,
    holds: "success",
  },
  {
    route: "files/upload_session/finish_batch_v2",
    argument: (m) => ({ entries: [{ cursor: cursorAt(m, 4), commit: commitTo("/batch") }] }),
    status: 200,
    holds: "failure",
  },
  ...batch("files/upload_session/finish_batch", "files/upload_session/finish_batch/check", {
    entries: [{ cursor: { session_id: "none", offset: 0 }, commit: commitTo("/x") }],
  }),
];

/** What comes out; the uploads come first. */
export const reading: readonly Step[] = [
  { route: "files/download", argument: (m) => ({ path: m["id"] }), status: 200, holds: "0123" },
  {
    route: "files/download",
    argument: (m) => ({ path: `rev:${m["rev"]}` }),
    headers: { range: "bytes=2-4" },
    status: 206,
    holds: "234",
  },
  {
    route: "files/download",
    argument: (m) => ({ path: m["id"] }),
    headers: { range: "bytes=99-" },
    status: 416,
  },
  { route: "files/download", argument: () => ({ path: "/no" }), status: 409, holds: "not_found" },
  { route: "files/download_zip", argument: () => ({ path: "/A" }), status: 200 },
  {
    route: "files/download_zip",
    argument: () => ({ path: "/batch" }),
    status: 409,
    holds: "not_folder",
  },
  { route: "files/get_metadata", argument: () => ({ path: "/a" }), status: 200, holds: "folder" },
  { route: "files/get_metadata", argument: () => ({ path: "/no" }), status: 409 },
  {
    route: "files/get_metadata",
    argument: () => ({ path: "" }),
    status: 400,
    holds: "root folder",
  },
  {
    route: "files/list_folder",
    argument: () => ({ path: "", recursive: true, limit: 1 }),
    status: 200,
    keep: (json, memory) => (memory["cursor"] = json.cursor),
  },
  { route: "files/list_folder", argument: () => ({ path: "/batch" }), status: 409 },
  {
    route: "files/list_folder/continue",
    argument: (m) => ({ cursor: m["cursor"] }),
    status: 200,
    keep: (json, memory) => (memory["cursor"] = json.cursor),
  },
  { route: "files/list_folder/continue", argument: () => ({ cursor: "x" }), status: 400 },
  { route: "files/list_folder/get_latest_cursor", argument: () => ({ path: "" }), status: 200 },
  { route: "files/list_folder/get_latest_cursor", argument: () => ({ path: "/no" }), status: 409 },
  {
    route: "files/list_folder/longpoll",
    argument: (m) => ({ cursor: m["cursor"] }),
    by: "nobody",
    status: 200,
    holds: '"changes":true',
  },
  { route: "files/list_folder/longpoll", argument: (m) => ({ cursor: m["cursor"] }), status: 400 },
  { route: "files/list_revisions", argument: (m) => ({ path: m["id"] }), status: 200 },
  { route: "files/list_revisions", argument: () => ({ path: "/a" }), status: 409 },
  { route: "files/restore", argument: (m) => ({ path: "/back", rev: m["rev"] }), status: 200 },
  { route: "files/restore", argument: () => ({ path: "/back", rev: "000000000" }), status: 409 },
  {
    route: "files/search_v2",
    argument: () => ({ query: "ba", options: { path: "", max_results: 1 } }),
    status: 200,
    keep: (json, memory) => (memory["search"] = json.cursor),
  },
  {
    route: "files/search_v2",
    argument: () => ({ query: "ba", options: { path: "/a\\b" } }),
    status: 409,
  },
  { route: "files/search/continue_v2", argument: (m) => ({ cursor: m["search"] }), status: 200 },
  { route: "files/search/continue_v2", argument: () => ({ cursor: "none" }), status: 400 },
  { route: "files/search", argument: () => ({ path: "", query: "ba" }), status: 200 },
  { route: "files/search", argument: () => ({ path: "/a\\b", query: "ba" }), status: 409 },
];
