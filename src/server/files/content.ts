import { takeBody } from "../wire/body.ts";
import { emptyContent } from "../store/block-writer.ts";
import type { TakenContent } from "../store/block-writer.ts";
import { readTree, writeTree } from "../wire/call.ts";
import type { Call } from "../wire/call.ts";
import { commitFile, commitRequest } from "./commit.ts";
import type { CommitRequest } from "./commit.ts";
import { etagOf, fileResponse } from "./file-response.ts";
import { EndpointFailure, WriteFailure, wrapFailures } from "../wire/failure.ts";
import type { JsonObject } from "../wire/failure.ts";
import { fileMetadata } from "../tree/node.ts";
import type { FileNode } from "../tree/node.ts";
import type { View } from "../tree/view.ts";
import { lookUpFile, lookUpRev } from "../tree/place.ts";
import { SessionStore } from "./session-store.ts";
import { uploadBody } from "./sessions.ts";
import { headerJson } from "../wire/answer.ts";

/** `files/upload` (fact sheet 4.6). */
export async function upload(call: Call): Promise<JsonObject> {
  const { services, account, argument } = call;
  const request = commitRequest(argument, account.namespace);
  try {
    const content = await takeBody(uploadBody(call), services.blocks, { after: emptyContent });
    return fileMetadata(await commitUpload(call, request, content), call.view);
  } catch (error) {
    // The disk was full before all bytes were there: nothing is left to commit elsewhere.
    throw error instanceof WriteFailure ? uploadFailure(error, "") : error;
  }
}

/** After a conflict the bytes are kept as a session, so that they can be committed elsewhere (V42). */
async function commitUpload(
  call: Call,
  request: CommitRequest,
  content: TakenContent,
): Promise<FileNode> {
  const { blocks, limits } = call.services;
  try {
    return await writeTree(call, (tree) => {
      blocks.keepSmall(content.small);
      return commitFile(tree, request, { content, quotaBytes: limits.quotaBytes });
    });
  } catch (error) {
    if (!(error instanceof WriteFailure)) throw error;
    throw uploadFailure(error, await keptAsSession(call, content));
  }
}

/** `UploadError.path` carries a struct, whose members stand beside the tag (fact sheet 1.8). */
function uploadFailure({ error }: WriteFailure, sessionId: string): EndpointFailure {
  return new EndpointFailure({ ".tag": "path", reason: error, upload_session_id: sessionId });
}

/** The id of a closed session with the content; "" when there is no room even for that. */
async function keptAsSession(call: Call, content: TakenContent): Promise<string> {
  const store = new SessionStore(call);
  try {
    return await call.services.database.write(() =>
      store.create(content, { concurrent: false, closed: true }),
    );
  } catch (error) {
    if (error instanceof WriteFailure) return "";
    throw error;
  }
}

/** `files/download`: by path, `id:` or `rev:`; one range, conditional by ETag (V43). */
export function download(call: Call): Response {
  const { argument } = call;
  const tree = readTree(call);
  const file = wrapFailures({ lookup: "path", write: "path" }, () => {
    const rev = argument.optionalText("rev");
    return rev === undefined ? lookUpFile(tree, argument.text("path")) : lookUpRev(tree, rev);
  });
  return fileResponse(call, tree.content(file), downloadHeaders(file, call.view));
}

function downloadHeaders(file: FileNode, view: View): Headers {
  return new Headers({
    "content-type": "application/octet-stream",
    etag: etagOf(file, view),
    "original-content-length": String(file.size),
    "dropbox-api-result": headerJson(fileMetadata(file, view)),
  });
}
