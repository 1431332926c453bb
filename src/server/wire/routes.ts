import { userRoutes } from "../accounts/users.ts";
import { fullAccount, spaceUsage } from "../accounts/account.ts";
import type { AppCall, Call, OpenCall } from "./call.ts";
import { download, upload } from "../files/content.ts";
import type { Json } from "./failure.ts";
import { continueListing, getMetadata, latestCursor, listFolder } from "../files/listing.ts";
import { longpoll } from "../files/longpoll.ts";
import { listRevisions } from "../files/revisions.ts";
import { searchRoutes } from "../files/search.ts";
import { appendBatch, finishBatch } from "../files/session-batches.ts";
import { appendToSession, finishSession, startSession, startSessions } from "../files/sessions.ts";
import { temporaryLinkRoutes } from "../files/temporary-links.ts";
import { writeRoutes } from "../files/write-routes.ts";
import { zipRoutes } from "../files/zip.ts";
import { continueByApp, listSharedFolder } from "../sharing/link-listing.ts";
import { sharingRoutes } from "../sharing/sharing-routes.ts";

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
  ...userRoutes,
  "auth/token/revoke": { user: revoke },
  "users/get_current_account": { user: ({ account }) => fullAccount(account) },
  "users/get_space_usage": {
    user: ({ account, services }) => spaceUsage(account, services.limits.quotaBytes),
  },
  "files/list_folder": { user: listFolder, app: (call) => listSharedFolder(call) },
  "files/list_folder/continue": { user: continueListing, app: continueByApp },
  "files/list_folder/get_latest_cursor": { user: latestCursor },
  "files/list_folder/longpoll": { nobody: longpoll },
  "files/get_metadata": { user: getMetadata, neverRoot: ["path"] },
  "files/list_revisions": { user: listRevisions },
  ...writeRoutes,
  "files/upload": { user: upload, neverRoot: ["path"] },
  "files/upload_session/start": { user: startSession },
  "files/upload_session/start_batch": { user: startSessions },
  "files/upload_session/append_v2": { user: appendToSession },
  "files/upload_session/append_batch": { user: appendBatch },
  "files/upload_session/finish": { user: finishSession, neverRoot: ["commit.path"] },
  "files/upload_session/finish_batch_v2": { user: finishBatch },
  "files/download": { user: download },
  ...zipRoutes,
  ...temporaryLinkRoutes,
  ...searchRoutes,
  ...sharingRoutes,
};

/** `auth/token/revoke`: all tokens of this authorisation end (V20). */
function revoke({ services, authorisation }: Call): Json {
  services.tokens.revoke(authorisation);
  return null;
}
