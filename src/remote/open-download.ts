import { SnapError } from "../std/error.ts";
import type { Work } from "../std/events.ts";
import type { Client } from "./client.ts";
import { statusOf } from "./errors.ts";
import { countIn, isShape, textIn } from "./shape.ts";

/** Bytes of one revision that are asked for. */
export type Wanted = {
  readonly rev: string;
  readonly from: number;
  /** The first byte that is not wanted; the end of the file where it is undefined. */
  readonly to?: number | undefined;
  readonly work?: Work | undefined;
};

/** A body that is not read yet. */
export type Opened = {
  readonly body: AsyncIterable<Uint8Array>;
  /** Of the first byte of the body. */
  readonly position: number;
  /** Behind the last one that the body should have. */
  readonly end: number;
  /** Of the whole revision. */
  readonly size: number;
};

/**
 * Ask once for bytes of a revision. Undefined where there is nothing behind the offset; a server may answer with more than was asked
 * for, and `position` and `end` say with what.
 */
export async function openDownload(client: Client, wanted: Wanted): Promise<Opened | undefined> {
  const { rev, from, to, work } = wanted;
  const isWhole = from === 0 && to === undefined;
  const range = `bytes=${from}-${to === undefined ? "" : to - 1}`;
  const extraHeaders: Record<string, string> = isWhole ? {} : { Range: range };
  try {
    const { response, result } = await client.open(
      (sdk, own) => sdk.filesDownload({ path: `rev:${rev}` }, { ...own, extraHeaders }),
      { what: "Downloading", endpoint: "download", work },
    );
    const size = isShape(result) ? countIn(result, "size") : undefined;
    if (!isShape(result) || size === undefined || textIn(result, "rev") !== rev)
      throw notUnderstood();
    return { body: response.body ?? emptyBody(), ...extentOf(response, wanted, size), size };
  } catch (error) {
    if (from > 0 && statusOf(error) === 416) return undefined;
    throw error;
  }
}

async function* emptyBody(): AsyncGenerator<Uint8Array> {}

/** A server may answer a range with the whole. */
function extentOf(
  response: Response,
  { from, to }: Wanted,
  size: number,
): Pick<Opened, "position" | "end"> {
  if (response.status !== 206) return { position: 0, end: size };
  const end = Math.min(to ?? size, size);
  const told = response.headers.get("content-range");
  if (told !== `bytes ${from}-${end - 1}/${size}`) throw notUnderstood();
  return { position: from, end };
}

/** The connection ended before the body did. */
export function brokeOff(): SnapError {
  return new SnapError("offline", "Downloading failed: the connection broke off", {
    hint: "Check the network connection; then run the same command again.",
  });
}

/** The server did not answer what was asked. */
export function notUnderstood(): SnapError {
  return new SnapError("server-error", "Downloading failed: the answer is not understood");
}

/** A body is longer than what was promised. */
export function tooLong(): SnapError {
  return new SnapError(
    "content-wrong",
    "Downloading failed: the server sent more than the file has",
  );
}
