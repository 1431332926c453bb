import { nameOf } from "../tree/node.ts";
import type { FileNode } from "../tree/node.ts";
import { viewOf } from "../tree/view.ts";
import type { Tree } from "../tree/tree.ts";
import { etagOf, fileResponse } from "./file-response.ts";
import type { FileRequest } from "./file-response.ts";

/** Content types by extension, where a program that fetches a link can use one; the rest are just bytes. */
const contentTypes: Readonly<Record<string, string>> = {
  aac: "audio/aac",
  avi: "video/x-msvideo",
  bmp: "image/bmp",
  css: "text/css; charset=utf-8",
  csv: "text/csv; charset=utf-8",
  doc: "application/msword",
  docx: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
  epub: "application/epub+zip",
  flac: "audio/flac",
  gif: "image/gif",
  gz: "application/gzip",
  heic: "image/heic",
  htm: "text/html; charset=utf-8",
  html: "text/html; charset=utf-8",
  ico: "image/x-icon",
  jpeg: "image/jpeg",
  jpg: "image/jpeg",
  js: "text/javascript; charset=utf-8",
  json: "application/json",
  m4a: "audio/mp4",
  m4v: "video/mp4",
  md: "text/markdown; charset=utf-8",
  mkv: "video/x-matroska",
  mov: "video/quicktime",
  mp3: "audio/mpeg",
  mp4: "video/mp4",
  odp: "application/vnd.oasis.opendocument.presentation",
  ods: "application/vnd.oasis.opendocument.spreadsheet",
  odt: "application/vnd.oasis.opendocument.text",
  ogg: "audio/ogg",
  pdf: "application/pdf",
  png: "image/png",
  ppt: "application/vnd.ms-powerpoint",
  pptx: "application/vnd.openxmlformats-officedocument.presentationml.presentation",
  rtf: "application/rtf",
  svg: "image/svg+xml",
  tar: "application/x-tar",
  tif: "image/tiff",
  tiff: "image/tiff",
  txt: "text/plain; charset=utf-8",
  wav: "audio/wav",
  webm: "video/webm",
  webp: "image/webp",
  xls: "application/vnd.ms-excel",
  xlsx: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
  xml: "application/xml",
  zip: "application/zip",
};

/** The content type of a file of this name. */
export function contentTypeOf(name: string): string {
  const extension = extensionOf(name);
  const known = Object.hasOwn(contentTypes, extension) ? contentTypes[extension] : undefined;
  return known ?? "application/octet-stream";
}

/** What follows the last dot of a name, in lower case; a dot at the start begins no extension. */
export function extensionOf(name: string): string {
  const dot = name.lastIndexOf(".");
  return dot > 0 ? name.slice(dot + 1).toLowerCase() : "";
}

/** Whether a browser is asked to keep a file or to show it. */
export type Disposition = "attachment" | "inline";

/**
 * A `Content-Disposition` (RFC 6266): a name in plain ASCII for old readers, and the true one. Nothing that a name
 * can hold ends the header or its quotes.
 */
export function dispositionOf(how: Disposition, name: string): string {
  const plain = name.replace(/[^\x20-\x7e]|["%\\]/g, "_");
  const exact = encodeURIComponent(name).replace(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `${how}; filename="${plain}"; filename*=UTF-8''${exact}`;
}

/**
 * A file as the target of a link, fetched by anybody (V48). It comes from the origin that also asks for consent, so it
 * is put into a sandbox of its own: whatever it is, it runs no script there.
 */
export function servedFile(
  fetched: FileRequest,
  { tree, file, how }: { readonly tree: Tree; readonly file: FileNode; readonly how: Disposition },
): Response {
  const name = nameOf(file.display);
  const headers = new Headers({
    "content-type": contentTypeOf(name),
    "content-disposition": dispositionOf(how, name),
    "content-security-policy":
      "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:",
    etag: etagOf(file, viewOf(tree.account.namespace)),
  });
  return fileResponse(fetched, tree.content(file), headers);
}
