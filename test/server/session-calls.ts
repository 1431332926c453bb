/** The calls of upload sessions, as tests make them. */
import type { Answer, CallOptions, CheckedServer } from "../support/checked-server.ts";

type Body = NonNullable<CallOptions["body"]>;

/** One step of an upload session. */
export const session = (
  checked: CheckedServer,
  step: string,
  { body = "", ...argument }: { body?: Body; [member: string]: unknown },
): Promise<Answer> => checked.content(`files/upload_session/${step}`, argument, { body });

/** A new session; its id. */
export const start = async (checked: CheckedServer, body = "", argument = {}): Promise<string> =>
  (await session(checked, "start", { ...argument, body })).json.session_id;

/** A part. */
export const append = (
  checked: CheckedServer,
  id: string,
  part: { at: number; body?: Body; close?: boolean; hash?: string },
): Promise<Answer> =>
  session(checked, "append_v2", {
    cursor: { session_id: id, offset: part.at },
    close: part.close ?? false,
    content_hash: part.hash ?? null,
    ...(part.body === undefined ? {} : { body: part.body }),
  });

/** The end, and the commit. */
export const finish = (
  checked: CheckedServer,
  id: string,
  end: { at: number; path?: string; body?: string },
): Promise<Answer> =>
  session(checked, "finish", {
    cursor: { session_id: id, offset: end.at },
    commit: { path: end.path ?? "/f" },
    ...(end.body === undefined ? {} : { body: end.body }),
  });

/** Bytes of one block, and so of the grid of parts. */
export const block: number = 4 * 1024 * 1024;
