import { accountByRow } from "../accounts/account.ts";
import { appOf } from "../accounts/apps.ts";
import { hashOf } from "../accounts/secrets.ts";
import { emptyContent } from "../store/block-writer.ts";
import type { TakenContent } from "../store/block-writer.ts";
import { integer, text, textOrNone } from "../store/rows.ts";
import type { Row } from "../store/rows.ts";
import { accountView, viewOf } from "../tree/view.ts";
import type { Beginning } from "../tree/view.ts";
import { jsonResponse, textResponse } from "../wire/answer.ts";
import { Argument } from "../wire/argument.ts";
import { takeBody } from "../wire/body.ts";
import { nowOf, readTree, writeTree } from "../wire/call.ts";
import type { Call } from "../wire/call.ts";
import { EndpointFailure, WriteFailure } from "../wire/failure.ts";
import type { Page, PageCall } from "../wire/pages.ts";
import { commitFile } from "./commit.ts";
import type { CommitRequest } from "./commit.ts";
import { servedFile } from "./served-file.ts";
import { uploadBody } from "./sessions.ts";

/** The target of `files/get_temporary_link`: the file, for four hours, then 410. */
export const temporaryLinkPage: Page = {
  route: "temporary_link",
  path: /^\/cd\/0\/get\/[\w-]+\/file$/,
  run: (call) => Promise.resolve(fetchFile(call)),
};

/** The target of `files/get_temporary_upload_link`: takes one file, once. */
export const temporaryUploadPage: Page = {
  route: "temporary_upload_link",
  path: /^\/apitul\/1\/[\w-]+$/,
  run: receiveFile,
};

function fetchFile(call: PageCall): Response {
  if (!["GET", "HEAD"].includes(call.request.method)) return wrongMethod("GET, HEAD");
  const row = linkRow(call, call.url.pathname.split("/")[4]);
  const rev = row?.["rev"];
  // One that ended long ago is not known any more; it is gone all the same.
  if (row === undefined || typeof rev !== "number" || hasEnded(call, row)) return gone();
  const maker = callOf(call, row);
  // The state may have been written at another place, which an app with a folder of its own does not see.
  const tree = readTree({ ...maker, view: viewOf(maker.account.namespace) });
  const file = tree.revision(rev);
  if (file === undefined) return gone();
  return servedFile(call, { tree, file, how: "attachment" });
}

async function receiveFile(page: PageCall): Promise<Response> {
  const { request, services } = page;
  if (request.method !== "POST") return wrongMethod("POST");
  const row = linkRow(page, page.url.pathname.split("/")[3]);
  if (row === undefined || row["commit_info"] === null) return refused("There is no such link.");
  if (hasEnded(page, row) || integer(row, "used") !== 0) return consumed();
  if (!isUploadType(request.headers.get("content-type"))) {
    return textResponse(
      'Bad HTTP "Content-Type" header. Expecting "application/octet-stream".',
      400,
    );
  }
  const call = callOf(page, row);
  try {
    const content = await takeBody(uploadBody(call), services.blocks, { after: emptyContent });
    const hash = await commitOnce(call, row, content);
    return hash === undefined ? consumed() : jsonResponse({ "content-hash": hash });
  } catch (error) {
    if (error instanceof WriteFailure || error instanceof EndpointFailure) {
      return refused(`The upload failed: ${error.error[".tag"]}.`);
    }
    throw error;
  }
}

/** Commit, and with it use the link up; undefined when another upload was faster. A failed one leaves it as it is. */
async function commitOnce(
  call: Call,
  row: Row,
  content: TakenContent,
): Promise<string | undefined> {
  const { database, blocks, limits } = call.services;
  const request: CommitRequest = JSON.parse(text(row, "commit_info"));
  return await writeTree(call, (tree) => {
    const use = "UPDATE temporary_links SET used = 1 WHERE hash = ? AND used = 0";
    if (database.run(use, text(row, "hash")).changes === 0) return undefined;
    blocks.keepSmall(content.small);
    return commitFile(tree, request, { content, quotaBytes: limits.quotaBytes }).hash;
  });
}

function linkRow({ services }: PageCall, token = ""): Row | undefined {
  return services.database.first("SELECT * FROM temporary_links WHERE hash = ?", hashOf(token));
}

function hasEnded({ services }: PageCall, row: Row): boolean {
  return integer(row, "expires") <= nowOf(services);
}

/** What the link does is done as the app that made it would do it, for the same account. */
function callOf({ services, request }: PageCall, row: Row): Call {
  const account = accountByRow(services.database, integer(row, "account"));
  if (account === undefined) throw new Error("A temporary link belongs to an account");
  const app = appOf(services.database, text(row, "app"));
  const view = accountView(account, { appFolder: app.folder, from: beginningIn(row) });
  const argument = new Argument({});
  // No access token stands behind a link, so there is no authorisation either; rows of those begin at 1.
  return {
    services,
    request,
    argument,
    account,
    app,
    view,
    authorisation: 0,
    disturbance: {},
  };
}

/** The path of a commit begins where it did when the link was asked for. */
function beginningIn(row: Row): Beginning {
  const info = textOrNone(row, "commit_info");
  const { from = "home" }: { readonly from?: Beginning } =
    info === undefined ? {} : JSON.parse(info);
  return from;
}

function isUploadType(header: string | null): boolean {
  return header?.split(";")[0]?.trim().toLowerCase() === "application/octet-stream";
}

function wrongMethod(allowed: string): Response {
  const answer = textResponse(`Expecting method ${allowed}`, 405);
  answer.headers.set("allow", allowed);
  return answer;
}

function gone(): Response {
  return textResponse("This temporary link has expired.", 410);
}

function consumed(): Response {
  return textResponse("Temporary upload link has been recently consumed.", 410);
}

function refused(why: string): Response {
  return textResponse(why, 409);
}
