import { fullAccount, spaceUsage } from "../accounts/account.ts";
import type { Call } from "./call.ts";
import { download, upload } from "../files/content.ts";
import type { Json } from "./failure.ts";
import { continueListing, getMetadata, latestCursor, listFolder } from "../files/listing.ts";
import { listRevisions } from "../files/revisions.ts";
import { appendBatch, finishBatch } from "../files/session-batches.ts";
import { appendToSession, finishSession, startSession, startSessions } from "../files/sessions.ts";
import { createFolder, deletePath, movePath } from "../files/writes.ts";

/** What a route does: a JSON result, or the whole answer of a download. */
type RouteWork = (call: Call) => Json | Response | Promise<Json>;

/** How one function of the API is served. */
export type Route = {
  readonly run: RouteWork;
  /** Members of the argument that must not be the root, which has no metadata and cannot be changed (Choice 4). */
  readonly neverRoot?: readonly string[];
};

/** Every function that is served; argument, style and scope of each are in the definition. */
export const routes: Readonly<Record<string, Route>> = {
  "auth/token/revoke": { run: revoke },
  "users/get_current_account": { run: ({ account }) => fullAccount(account) },
  "users/get_space_usage": {
    run: ({ account, services }) => spaceUsage(account, services.limits.quotaBytes),
  },
  "files/list_folder": { run: listFolder },
  "files/list_folder/continue": { run: continueListing },
  "files/list_folder/get_latest_cursor": { run: latestCursor },
  "files/get_metadata": { run: getMetadata, neverRoot: ["path"] },
  "files/list_revisions": { run: listRevisions },
  "files/create_folder_v2": { run: createFolder, neverRoot: ["path"] },
  "files/delete_v2": { run: deletePath, neverRoot: ["path"] },
  "files/move_v2": { run: movePath, neverRoot: ["from_path", "to_path"] },
  "files/upload": { run: upload, neverRoot: ["path"] },
  "files/upload_session/start": { run: startSession },
  "files/upload_session/start_batch": { run: startSessions },
  "files/upload_session/append_v2": { run: appendToSession },
  "files/upload_session/append_batch": { run: appendBatch },
  "files/upload_session/finish": { run: finishSession, neverRoot: ["commit.path"] },
  "files/upload_session/finish_batch_v2": { run: finishBatch },
  "files/download": { run: download },
};

/** `auth/token/revoke`: all tokens of this authorisation end (V20). */
function revoke({ services, authorisation }: Call): Json {
  services.tokens.revoke(authorisation);
  return null;
}
