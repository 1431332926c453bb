import { blockBytes } from "../../core/tree/content-hash.ts";
import { takeBody } from "../wire/body.ts";
import { emptyContent } from "../store/block-writer.ts";
import type { BlockList, TakenContent } from "../store/block-writer.ts";
import type { BlockStore } from "../store/blocks.ts";
import { readTree, writeTree } from "../wire/call.ts";
import type { Call } from "../wire/call.ts";
import { commitFile, commitRequest } from "./commit.ts";
import type { CommitRequest } from "./commit.ts";
import { EndpointFailure, WriteFailure, wrapFailures } from "../wire/failure.ts";
import type { JsonObject } from "../wire/failure.ts";
import { fileMetadata, revText } from "../tree/node.ts";
import type { FileNode } from "../tree/node.ts";
import type { View } from "../tree/view.ts";
import { lookUpFile, lookUpRev } from "../tree/place.ts";
import { parseRange } from "../wire/range.ts";
import type { ByteRange } from "../wire/range.ts";
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
  const { argument, request } = call;
  const tree = readTree(call);
  const file = wrapFailures({ lookup: "path", write: "path" }, () => {
    const rev = argument.optionalText("rev");
    return rev === undefined ? lookUpFile(tree, argument.text("path")) : lookUpRev(tree, rev);
  });
  const headers = downloadHeaders(file, call.view);
  if (request.headers.get("if-none-match") === headers.get("etag")) {
    return new Response(null, { status: 304, headers });
  }
  // `If-Range` needs a strong validator, and this one is weak: the whole file is the right answer then.
  const asked = request.headers.has("if-range") ? null : request.headers.get("range");
  const range = parseRange(asked, file.size);
  if (range === "unsatisfiable") {
    headers.set("content-range", `bytes */${file.size}`);
    return new Response(null, { status: 416, headers });
  }
  return contentResponse(call, tree.content(file), { headers, range });
}

function downloadHeaders(file: FileNode, view: View): Headers {
  return new Headers({
    "content-type": "application/octet-stream",
    "accept-ranges": "bytes",
    etag: `W/"${revText(file.rev, view.namespace)}"`,
    "original-content-length": String(file.size),
    "dropbox-api-result": headerJson(fileMetadata(file, view)),
  });
}

function contentResponse(
  call: Call,
  content: BlockList,
  { headers, range }: { readonly headers: Headers; readonly range: ByteRange | undefined },
): Response {
  const { start, end } = range ?? { start: 0, end: content.size };
  headers.set("content-length", String(end - start));
  if (range !== undefined) {
    headers.set("content-range", `bytes ${start}-${end - 1}/${content.size}`);
  }
  const body = contentStream(content, { start, end }, call);
  return new Response(body, { status: range === undefined ? 200 : 206, headers });
}

/** The bytes of a range, a block at a time as the reader takes them; a damaged block breaks the stream off. */
function contentStream(
  content: BlockList,
  range: ByteRange,
  { services, request }: Call,
): ReadableStream<Uint8Array> {
  const pieces = piecesOf(services.blocks, content, range);
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        request.signal.throwIfAborted();
        const step = await pieces.next();
        if (step.done) controller.close();
        else controller.enqueue(step.value);
      },
      async cancel() {
        await pieces.return();
      },
    },
    { highWaterMark: 0 },
  );
}

async function* piecesOf(
  store: BlockStore,
  { blocks }: BlockList,
  { start, end }: ByteRange,
): AsyncGenerator<Uint8Array, void, void> {
  for (let at = start; at < end;) {
    const index = Math.floor(at / blockBytes);
    const blockStart = index * blockBytes;
    const block = await store.read(blocks[index] ?? "");
    const piece = block.subarray(at - blockStart, end - blockStart);
    yield piece;
    at += piece.length;
  }
}
