import { Readable } from "node:stream";
import { headerJson } from "../wire/answer.ts";
import { readTree } from "../wire/call.ts";
import type { Call } from "../wire/call.ts";
import { LookupFailure, wrapFailures } from "../wire/failure.ts";
import { folderMetadata } from "../tree/node.ts";
import type { FolderNode } from "../tree/node.ts";
import type { Tree } from "../tree/tree.ts";
import type { Routes } from "../wire/routes.ts";
import type { FileRequest } from "./file-response.ts";
import { liveNode } from "./live-node.ts";
import { zipEntries } from "./zip-entries.ts";
import { zipStream } from "./zip-stream.ts";

/** Folders as zip files (V44). */
export const zipRoutes: Routes = {
  "files/download_zip": { user: downloadZip, neverRoot: ["path"] },
};

async function downloadZip(call: Call): Promise<Response> {
  const tree = readTree(call);
  const folder = wrapFailures({ lookup: "path", write: "path" }, () =>
    folderAt(tree, call.argument.text("path")),
  );
  const answer = await zipResponse(call, call.account.account, folder);
  const metadata = { metadata: folderMetadata(folder, call.view) };
  answer.headers.set("dropbox-api-result", headerJson(metadata));
  return answer;
}

function folderAt(tree: Tree, path: string): FolderNode {
  const node = liveNode(tree, path);
  if (node.kind === "file") throw new LookupFailure("not_folder");
  return node;
}

/**
 * A folder of an account as a zip file, without ranges and without a length: it is made while it is sent (V44).
 *
 * @throws {EndpointFailure} `too_many_files`, `too_large`, before the first byte.
 */
export async function zipResponse(
  { services, request }: FileRequest,
  account: number,
  folder: FolderNode,
): Promise<Response> {
  const entries = zipEntries(services, account, folder);
  const headers = { "content-type": "application/zip" };
  if (request.method === "HEAD") return new Response(null, { headers });
  const source = { store: services.blocks, signal: request.signal };
  return new Response(webStream(await zipStream(source, entries)), { headers });
}

/** Pulled by its reader: nothing is made ahead of it but what the library holds. */
function webStream(stream: Readable): ReadableStream<Uint8Array> {
  const chunks = stream.iterator();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const step = await chunks.next();
        if (step.done) controller.close();
        else controller.enqueue(step.value);
      },
      cancel(reason) {
        stream.destroy(reason instanceof Error ? reason : undefined);
      },
    },
    { highWaterMark: 0 },
  );
}
