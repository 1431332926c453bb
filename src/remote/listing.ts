import type { RelPath } from "../core/path/rel-path.ts";
import type {
  KnownDocument,
  RemoteChange,
  RemoteItem,
  RemotePage,
} from "../core/tree/remote-item.ts";
import { isSnapError, SnapError } from "../std/error.ts";
import type { Work } from "../std/events.ts";
import type { Client } from "./client.ts";
import { hasTag, isBadCursor, statusOf } from "./errors.ts";
import { isShape, textIn } from "./shape.ts";
import { apiPath, changeOf, itemOf, type Top } from "./wire.ts";

/** Entries that are asked for at once; the server takes it as a wish. */
const pageEntries = 2_000;

/** Bounds against a listing that never ends (X13). */
const entriesMax = 10_000_000;
const emptyPagesMax = 1_000;
const restartsMax = 3;

/** All that a look needs of a client. */
type Caller = Pick<Client, "call">;

type RawPage = {
  readonly entries: readonly unknown[];
  readonly cursor: string;
  readonly hasMore: boolean;
};

/**
 * Pages of the linked folder since a cursor (S30). Where the server has forgotten the cursor, a listing of everything
 * begins, and its first page says so (S34).
 *
 * @throws {SnapError} `remote-missing` when the linked folder is gone (S35)
 */
export async function* listPages(
  client: Client,
  top: Top,
  options: { readonly cursor: string | undefined; readonly work?: Work | undefined },
): AsyncGenerator<RemotePage> {
  let cursor = options.cursor;
  for (let restarts = 0; restarts <= restartsMax; restarts += 1) {
    try {
      return yield* pagesFrom(client, top, { cursor, work: options.work });
    } catch (error) {
      if (!isForgotten(error)) throw topMissing(error, top);
      cursor = undefined;
    }
  }
  throw new SnapError("server-error", "The server takes back every listing before it is complete", {
    hint: "Try again later.",
  });
}

async function* pagesFrom(
  client: Client,
  top: Top,
  { cursor, work }: { readonly cursor: string | undefined; readonly work?: Work | undefined },
): AsyncGenerator<RemotePage> {
  let restart = cursor === undefined;
  for await (const page of rawPages(client, { path: top, recursive: true, cursor, work })) {
    const changes = page.entries.flatMap((entry) => changeOf(entry, top) ?? []);
    yield { changes, cursor: page.cursor, complete: !page.hasMore, restart };
    restart = false;
  }
}

/** A cursor that is too old, or one that is none: the index may be damaged. */
function isForgotten(error: unknown): boolean {
  return hasTag(error, "reset") || isBadCursor(error);
}

function topMissing(error: unknown, top: Top): unknown {
  if (!isSnapError(error, "not-found") && !hasTag(error, "not_folder")) return error;
  return new SnapError("remote-missing", `The linked folder is not there any more: "${top}"`, {
    path: top,
    hint: "Bring it back on the server, or unlink the workspace.",
    cause: error,
  });
}

/**
 * The cursor to go on from where nothing happened in the linked folder, but that our document got the revision that we know. A cursor
 * belongs to an account and a place, so neither is asked for before. Undefined for anything else that the server says.
 *
 * @throws {SnapError} errors of the line and of the login
 */
export async function quietSince(
  client: Client,
  top: Top,
  { cursor, ours, work }: { cursor: string; ours: KnownDocument; work?: Work | undefined },
): Promise<string | undefined> {
  const call = { what: "Listing", endpoint: "list", path: top, work } as const;
  try {
    const result = await client.ask(
      (sdk, own) => sdk.filesListFolderContinue({ cursor }, own),
      call,
    );
    const { entries, hasMore, cursor: next } = pageOf(result);
    if (hasMore || !entries.every((entry) => isOurs(entry, top, ours))) return undefined;
    // Behind the old one a wait for news would end at once, for ever: with our document, or with what happened elsewhere in the account.
    return next;
  } catch (error) {
    if (statusOf(error) === 409 || statusOf(error) === 400 || statusOf(error) === 422)
      return undefined;
    throw error;
  }
}

/** Our document with the revision that we know, or one of the folders of ours that it lies in. */
function isOurs(entry: unknown, top: Top, { path, rev }: KnownDocument): boolean {
  if (!isShape(entry)) return false;
  const place = textIn(entry, "path_lower") ?? "";
  const document = apiPath(top, path).toLowerCase();
  if (textIn(entry, ".tag") === "folder") {
    return place.length > top.length + 1 && document.startsWith(`${place}/`);
  }
  return place === document && textIn(entry, "rev") === rev;
}

/**
 * What lies in a folder now. Left out is what `pages` reports as refused: see `changes.deleteFolder` for why that
 * cannot lose anything.
 */
export async function* listItems(
  client: Caller,
  top: Top,
  options: { readonly folder: RelPath; readonly recursive: boolean },
): AsyncGenerator<RemoteItem> {
  for await (const change of listChanges(client, top, options)) {
    if (change.change === "present") yield change.item;
  }
}

/** As `listItems`, with what is refused; the folder itself is left out. */
export async function* listChanges(
  client: Caller,
  top: Top,
  options: { readonly folder: RelPath; readonly recursive: boolean },
): AsyncGenerator<RemoteChange> {
  const path = apiPath(top, options.folder);
  const depth = options.folder === "" ? 0 : options.folder.split("/").length;
  for await (const page of rawPages(client, { path, recursive: options.recursive })) {
    for (const entry of page.entries) {
      const change = changeOf(entry, top);
      if (change !== undefined && !isItself(change, depth)) yield change;
    }
  }
}

function isItself(change: RemoteChange, depth: number): boolean {
  return change.change === "present" && change.item.keys.length <= depth;
}

async function* rawPages(
  client: Caller,
  options: {
    readonly path: string;
    readonly recursive: boolean;
    readonly cursor?: string | undefined;
    readonly work?: Work | undefined;
  },
): AsyncGenerator<RawPage> {
  let cursor = options.cursor;
  let entries = 0;
  for (let empty = 0; entries <= entriesMax && empty <= emptyPagesMax;) {
    const page = await readPage(client, { ...options, cursor });
    yield page;
    if (!page.hasMore) return;
    cursor = page.cursor;
    entries += page.entries.length;
    empty = page.entries.length === 0 ? empty + 1 : 0;
  }
  throw new SnapError("remote-error", "The server's listing does not end", {
    hint: "Try again later; if it stays, link a smaller folder.",
  });
}

async function readPage(
  client: Caller,
  options: {
    readonly path: string;
    readonly recursive: boolean;
    readonly cursor: string | undefined;
    readonly work?: Work | undefined;
  },
): Promise<RawPage> {
  const { path, recursive, cursor, work } = options;
  const call = { what: "Listing", endpoint: "list", path, work } as const;
  const result = await client.call(
    (sdk, own) =>
      cursor === undefined
        ? sdk.filesListFolder({ path, recursive, limit: pageEntries }, own)
        : sdk.filesListFolderContinue({ cursor }, own),
    call,
  );
  return pageOf(result);
}

function pageOf(result: unknown): RawPage {
  const shape = isShape(result) ? result : {};
  const entries: unknown = shape["entries"];
  const cursor = textIn(shape, "cursor");
  if (!Array.isArray(entries) || cursor === undefined) {
    throw new SnapError("server-error", "Listing failed: the answer is not understood", {
      hint: "Try again later.",
    });
  }
  return { entries, cursor, hasMore: shape["has_more"] === true };
}

/** What is at a path now; undefined where nothing is. */
export async function getItem(
  client: Caller,
  top: Top,
  path: RelPath,
): Promise<RemoteItem | undefined> {
  const entry = await getMetadata(client, apiPath(top, path), path);
  return entry === undefined ? undefined : itemOf(entry, top);
}

/** Metadata of a whole path as the server sends it. */
export async function getMetadata(client: Caller, whole: string, path: string): Promise<unknown> {
  try {
    return await client.call((sdk, own) => sdk.filesGetMetadata({ path: whole }, own), {
      what: "Looking",
      endpoint: "list",
      path,
    });
  } catch (error) {
    if (isSnapError(error, "not-found")) return undefined;
    throw error;
  }
}
