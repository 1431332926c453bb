import type { BlockList } from "../store/block-writer.ts";
import type { Services } from "../wire/call.ts";
import { namesEtag, parseRange } from "../wire/range.ts";
import { revText } from "../tree/node.ts";
import type { FileNode } from "../tree/node.ts";
import type { View } from "../tree/view.ts";
import { contentStream } from "./content-stream.ts";

/** The request that a file answers. */
export type FileRequest = { readonly services: Services; readonly request: Request };

/**
 * A file as an answer: whole, one range of it (206), nothing that the client has already (304), or no such range
 * (416); for HEAD without its bytes (V43; Choice 27).
 *
 * @param headers what the answer says besides; their `etag` is what conditions are compared with.
 */
export function fileResponse(
  { services, request }: FileRequest,
  content: BlockList,
  headers: Headers,
): Response {
  const { size } = content;
  headers.set("accept-ranges", "bytes");
  if (namesEtag(request.headers.get("if-none-match"), headers.get("etag") ?? "")) {
    return new Response(null, { status: 304, headers });
  }
  const range = askedRange(request, size);
  if (range === "unsatisfiable") {
    headers.set("content-range", `bytes */${size}`);
    return new Response(null, { status: 416, headers });
  }
  const { start, end } = range ?? { start: 0, end: size };
  headers.set("content-length", String(end - start));
  if (range !== undefined) headers.set("content-range", `bytes ${start}-${end - 1}/${size}`);
  const source = { store: services.blocks, signal: request.signal };
  const body = request.method === "HEAD" ? null : contentStream(source, content, { start, end });
  return new Response(body, { status: range === undefined ? 200 : 206, headers });
}

/** `If-Range` needs a strong validator, and ours are weak: the whole file is the right answer then. */
function askedRange(request: Request, size: number): ReturnType<typeof parseRange> {
  const { headers } = request;
  return parseRange(headers.has("if-range") ? null : headers.get("range"), size);
}

/** The ETag of a state of a file: its rev, as a weak one (fact sheet 1.11). */
export function etagOf(file: FileNode, view: View): string {
  return `W/"${revText(file.rev, view.namespace)}"`;
}
