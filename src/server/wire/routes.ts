import { fullAccount, spaceUsage } from "../accounts/account.ts";
import type { AppCall, Call, OpenCall } from "./call.ts";
import { download, upload } from "../files/content.ts";
import type { Json } from "./failure.ts";
import { continueListing, getMetadata, latestCursor, listFolder } from "../files/listing.ts";
import { listRevisions } from "../files/revisions.ts";
import { appendBatch, finishBatch } from "../files/session-batches.ts";
import { appendToSession, finishSession, startSession, startSessions } from "../files/sessions.ts";
import { createFolder, deletePath, movePath } from "../files/writes.ts";

/** What a route does: a JSON result, or the whole answer of a download. */
type RouteWork<C> = (call: C) => Json | Response | Promise<Json | Response>;

/** How one function of the API is served, by who may call it. */
export type Route = {
  readonly user?: RouteWork<Call>;
  readonly app?: RouteWork<AppCall>;
  /** Called without any authorisation, which then is not accepted either. */
  readonly nobody?: RouteWork<OpenCall>;
  /** Members of the argument that must not be the root, which has no metadata and cannot be changed (Choice 4). */
  readonly neverRoot?: readonly string[];
};

/** Functions of the API by name. */
export type Routes = Readonly<Record<string, Route>>;

/** Every function that is served; argument, style and scope of each are in the definition. */
export const routes: Routes = {
  "auth/token/revoke": { user: revoke },
  "users/get_current_account": { user: ({ account }) => fullAccount(account) },
  "users/get_space_usage": {
    user: ({ account, services }) => spaceUsage(account, services.limits.quotaBytes),
  },
  "files/list_folder": { user: listFolder },
  "files/list_folder/continue": { user: continueListing },
  "files/list_folder/get_latest_cursor": { user: latestCursor },
  "files/get_metadata": { user: getMetadata, neverRoot: ["path"] },
  "files/list_revisions": { user: listRevisions },
  "files/create_folder_v2": { user: createFolder, neverRoot: ["path"] },
  "files/delete_v2": { user: deletePath, neverRoot: ["path"] },
  "files/move_v2": { user: movePath, neverRoot: ["from_path", "to_path"] },
  "files/upload": { user: upload, neverRoot: ["path"] },
  "files/upload_session/start": { user: startSession },
  "files/upload_session/start_batch": { user: startSessions },
  "files/upload_session/append_v2": { user: appendToSession },
  "files/upload_session/append_batch": { user: appendBatch },
  "files/upload_session/finish": { user: finishSession, neverRoot: ["commit.path"] },
  "files/upload_session/finish_batch_v2": { user: finishBatch },
  "files/download": { user: download },
};

/** `auth/token/revoke`: all tokens of this authorisation end (V20). */
function revoke({ services, authorisation }: Call): Json {
  services.tokens.revoke(authorisation);
  return null;
}
