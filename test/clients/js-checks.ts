import assert from "node:assert/strict";
import { readFileSync, statSync } from "node:fs";
import path from "node:path";
import {
  Dropbox,
  DropboxAuth,
  DropboxResponseError,
  bytesUpload,
  downloadFile,
  fileUpload,
  uploadFile,
} from "dropbox";
import type { DropboxOptions, files } from "dropbox";
import { ConsentVisit } from "../support/consent-visit.ts";
import type { Fetch } from "../support/consent-visit.ts";

/** Where the SDK finds the server, and what it may use there. */
export type JsSetup = {
  readonly options: Pick<DropboxOptions, "domain" | "domainDelimiter" | "fetch">;
  readonly accessToken: string;
  /** A file of some blocks, and a folder to write to. */
  readonly largeFile: string;
  readonly folder: string;
};

/** Everything that the official JavaScript SDK is tried with, in whatever process; the first failure is thrown. */
export async function checkCalls(setup: JsSetup): Promise<void> {
  const { options, accessToken } = setup;
  const dbx = new Dropbox({ ...options, accessToken });
  const account = (await dbx.usersGetCurrentAccount()).result;
  assert.equal(account.name.display_name, "Anna Berg");
  await checkFiles(dbx);
  await checkTransfers(dbx, setup);
  await checkTree(dbx);
  await checkErrors(setup);
  const rooted = new Dropbox({
    ...options,
    accessToken,
    pathRoot: JSON.stringify({ ".tag": "root", root: account.root_info.root_namespace_id }),
  });
  assert.equal((await rooted.filesListFolder({ path: "/tree" })).status, 200);
}

async function checkFiles(dbx: Dropbox): Promise<void> {
  const contents = "Gr\u00fc\u00dfe an \u{1f980}";
  const made = (await dbx.filesUpload({ path: "/Ordner/\u00dc \u{1f980}.txt", contents })).result;
  assert.equal(made.name, "\u00dc \u{1f980}.txt");
  assert.equal(text(await dbx.filesDownload({ path: "/ordner/\u00fc \u{1f980}.TXT" })), contents);
  assert.equal(text(await dbx.filesDownload({ path: `rev:${made.rev}` })), contents);
  const range = { extraHeaders: { Range: "bytes=0-2" } };
  const part = await dbx.filesDownload({ path: made.id }, range);
  assert.deepEqual([part.status, text(part)], [206, "Gr\u00fc".slice(0, 2) + "\ufffd"]);
  const before = (await dbx.filesListFolderGetLatestCursor({ path: "", recursive: true })).result;
  const waiting = dbx.filesListFolderLongpoll({ cursor: before.cursor, timeout: 30 });
  await dbx.filesUpload({ path: "/waited for", contents: "" });
  assert.equal((await waiting).result.changes, true);
  const changes = (await dbx.filesListFolderContinue({ cursor: before.cursor })).result;
  assert.deepEqual(
    changes.entries.map((entry) => entry.path_lower),
    ["/waited for"],
  );
  const zip = (await dbx.filesDownloadZip({ path: "/ordner" })).result;
  assert.equal(zip.metadata.name, "Ordner");
  const link = (await dbx.sharingCreateSharedLinkWithSettings({ path: made.id })).result;
  assert.match(link.url, /\/scl\/fi\//);
  await dbx.sharingRevokeSharedLink({ url: link.url });
}

/** The SDK's own helpers: sessions, parallel ones, and downloads in ranges that go on where they ended. */
async function checkTransfers(dbx: Dropbox, { largeFile, folder }: JsSetup): Promise<void> {
  const size = statSync(largeFile).size;
  const chunkSize = 4 * 1024 * 1024;
  for (const parallelUploads of [1, 3]) {
    const to = { path: `/large ${parallelUploads}` };
    const source = await fileUpload(largeFile);
    const stored = await uploadFile(dbx, source, to, { chunkSize, parallelUploads });
    assert.equal(stored.metadata.size, size);
    const local = path.join(folder, `read ${parallelUploads}`);
    await downloadFile(dbx, stored.metadata.id, local, { parallelDownloads: parallelUploads });
    assert.ok(readFileSync(local).equals(readFileSync(largeFile)));
  }
  const small = await uploadFile(dbx, bytesUpload("small"), { path: "/small" });
  assert.equal(small.metadata.size, 5);
}

async function checkTree(dbx: Dropbox): Promise<void> {
  await dbx.filesCreateFolderV2({ path: "/tree/a" });
  await dbx.filesCopyV2({ from_path: "/tree/a", to_path: "/tree/b" });
  await dbx.filesMoveV2({ from_path: "/tree/b", to_path: "/tree/c" });
  const launched = (await dbx.filesDeleteBatch({ entries: [{ path: "/tree/a" }] })).result;
  assert.equal(launched[".tag"], "async_job_id");
  const { async_job_id } = launched as { readonly async_job_id: string };
  const done = (await dbx.filesDeleteBatchCheck({ async_job_id })).result;
  assert.equal(done[".tag"], "complete");
  const listed = (await dbx.filesListFolder({ path: "/tree" })).result;
  assert.deepEqual(
    listed.entries.map(({ name }) => name),
    ["c"],
  );
  const found = (await dbx.filesSearchV2({ query: "small" })).result;
  assert.equal(found.matches.length, 1);
}

async function checkErrors({ options, accessToken }: JsSetup): Promise<void> {
  const dbx = new Dropbox({ ...options, accessToken });
  const missing = await failureOf(dbx.filesGetMetadata({ path: "/nowhere" }));
  assert.equal(missing.status, 409);
  assert.match(missing.error.error_summary, /^path\/not_found\/\.{0,3}$/);
  const bad = await failureOf(dbx.filesGetMetadata({ path: "no slash" }));
  assert.equal(bad.status, 400);
  assert.match(String(bad.error), /did not match pattern/);
  const forged = new Dropbox({ ...options, accessToken: "sl.forged" });
  assert.equal((await failureOf(forged.usersGetCurrentAccount())).status, 401);
  const offset = { session_id: await emptySession(dbx), offset: 9 };
  const late = await failureOf(dbx.filesUploadSessionAppendV2({ cursor: offset, contents: "x" }));
  assert.equal(late.error.error.correct_offset, 0);
}

async function emptySession(dbx: Dropbox): Promise<string> {
  return (await dbx.filesUploadSessionStart({ contents: "" })).result.session_id;
}

/** `DropboxAuth` with PKCE, from the consent page to a refreshed token; `fetch` is what a browser asks with. */
export async function checkAuth(setup: JsSetup, fetch: Fetch): Promise<void> {
  const auth = new DropboxAuth({ ...setup.options, clientId: "key" });
  const redirect = "http://localhost:1/back";
  const scope = ["account_info.read", "files.metadata.read"];
  const url = await auth.getAuthenticationUrl(
    ...([redirect, "the state", "code", "offline", scope, "none", true] as const),
  );
  const page = await ConsentVisit.open(fetch, String(url));
  assert.match(page.markup, /key/);
  const back = await page.answer("allow");
  const target = new URL(back.headers.get("location") ?? "");
  assert.equal(target.origin + target.pathname, redirect);
  assert.equal(target.searchParams.get("state"), "the state");
  const code = target.searchParams.get("code") ?? "";
  const token = (await auth.getAccessTokenFromCode(redirect, code)).result;
  auth.setRefreshToken(String(Reflect.get(token, "refresh_token")));
  auth.setAccessTokenExpiresAt(new Date(0));
  await auth.checkAndRefreshAccessToken();
  assert.notEqual(auth.getAccessToken(), Reflect.get(token, "access_token"));
  const dbx = new Dropbox({ ...setup.options, auth });
  assert.equal((await dbx.usersGetCurrentAccount()).result.name.display_name, "Anna Berg");
  const refused = await failureOf(dbx.filesCreateFolderV2({ path: "/x" }));
  assert.equal(refused.error.error.required_scope, "files.content.write");
  const again = await failureOf(auth.getAccessTokenFromCode(redirect, code));
  assert.equal(again.error.error, "invalid_grant");
}

type Downloaded = { readonly result: files.FileMetadata };

function text({ result }: Downloaded): string {
  const content: Uint8Array = Reflect.get(result, "fileBinary");
  return Buffer.from(content).toString();
}

// oxlint-disable-next-line typescript/no-explicit-any -- members of many shapes are read
async function failureOf(call: Promise<unknown>): Promise<DropboxResponseError<any>> {
  try {
    await call;
  } catch (error) {
    if (error instanceof DropboxResponseError) return error;
    throw error;
  }
  throw new Error("The call did not fail");
}
