import { contentHashOf } from "../core/tree/content-hash.ts";
import { documentBytesMax } from "../core/document.ts";
import { isSnapError, SnapError } from "../std/error.ts";
import type { Client } from "./client.ts";
import { fromRemote } from "./errors.ts";
import { isShape, textIn } from "./shape.ts";
import { writeMode } from "./wire.ts";

/** A small text of ours on the server, with its revision. */
export type RemoteDocument = { readonly text: string; readonly rev: string };

/** Documents of one folder that are told (S107); who puts more there only hides others. */
const documentsMax = 100;

/**
 * The start of a small file as text: others may have written it, so never more than the bound is read, whatever the
 * server sends. Undefined where nothing is.
 */
export async function readDocument(
  client: Client,
  whole: string,
  path: string,
): Promise<RemoteDocument | undefined> {
  try {
    return await client.repeat({}, () => readOnce(client, whole, path));
  } catch (error) {
    if (isSnapError(error, "not-found")) return undefined;
    throw error;
  }
}

async function readOnce(client: Client, whole: string, path: string): Promise<RemoteDocument> {
  const call = { what: "Reading", endpoint: "other", path } as const;
  const { response, result } = await client.open(
    (sdk, own) => sdk.filesDownload({ path: whole }, own),
    call,
  );
  try {
    return { text: await startOf(response), rev: revOf(result) };
  } catch (error) {
    throw fromRemote(error, call);
  }
}

async function startOf(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    chunks.push(chunk);
    size += chunk.length;
    if (size >= documentBytesMax) break;
  }
  return Buffer.concat(chunks).subarray(0, documentBytesMax).toString("utf8");
}

/**
 * Write a document whole. Identical content is accepted, so the repeat after a lost answer does no harm.
 *
 * @returns the new rev
 * @throws {SnapError} `conflict` when `replaces` is not its rev, or undefined while there is one
 */
export async function writeDocument(
  client: Client,
  whole: string,
  { text, replaces }: { readonly text: string; readonly replaces: string | undefined },
): Promise<string> {
  const contents = Buffer.from(text, "utf8");
  const argument = {
    path: whole,
    mode: writeMode(replaces),
    autorename: false,
    strict_conflict: false,
    mute: true,
    content_hash: contentHashOf(contents),
    contents,
  };
  const call = { what: "Writing", endpoint: "other", path: whole } as const;
  const result = await client.commit(() =>
    client.call((sdk, own) => sdk.filesUpload(argument, own), call),
  );
  return revOf(result);
}

/** Names of documents in one folder, as the server names them; none where the folder is missing. */
export async function listDocuments(
  client: Client,
  whole: string,
  path: string,
): Promise<readonly string[]> {
  try {
    const call = { what: "Listing", endpoint: "list", path } as const;
    const result = await client.call(
      (sdk, own) => sdk.filesListFolder({ path: whole, limit: documentsMax }, own),
      call,
    );
    const entries: unknown = isShape(result) ? result["entries"] : undefined;
    return Array.isArray(entries) ? entries.flatMap(fileName).slice(0, documentsMax) : [];
  } catch (error) {
    if (isSnapError(error, "not-found")) return [];
    throw error;
  }
}

function fileName(entry: unknown): readonly string[] {
  if (!isShape(entry) || entry[".tag"] !== "file") return [];
  const name = textIn(entry, "name");
  return name === undefined ? [] : [name];
}

function revOf(result: unknown): string {
  const rev = isShape(result) ? textIn(result, "rev") : undefined;
  if (rev !== undefined) return rev;
  throw new SnapError("server-error", "The server's answer about a document is not understood");
}
