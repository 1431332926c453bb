import { deletedMetadata, metadata, nameOf } from "../tree/node.ts";
import { lookUp } from "../tree/place.ts";
import type { Tree } from "../tree/tree.ts";
import type { Argument } from "../wire/argument.ts";
import { readTree } from "../wire/call.ts";
import type { Call } from "../wire/call.ts";
import { BadCall, LookupFailure, nested, tag, wrapFailures } from "../wire/failure.ts";
import type { Json, JsonObject } from "../wire/failure.ts";
import type { Routes } from "../wire/routes.ts";
import type { CursorCodec } from "./cursor.ts";
import { cursorsFor } from "./purpose-cursors.ts";
import { findNames } from "./search-matches.ts";
import type { MatchPosition, SearchRequest } from "./search-matches.ts";
import { nameQuery, nameSpans } from "./search-names.ts";

/** Search by names (V47); content is not searched. */
export const searchRoutes: Routes = {
  "files/search_v2": { user: searchNames },
  "files/search/continue_v2": { user: continueSearch },
  "files/search": { user: searchAsBefore },
};

/** Where a search stands; the matches of its next page come after a position, so changes repeat or skip none. */
type SearchState = SearchRequest & {
  readonly view: string;
  readonly limit: number;
  readonly highlights: boolean;
  readonly after: MatchPosition | undefined;
  /** Matches on the pages so far. */
  readonly shown: number;
};

function searchNames(call: Call): JsonObject {
  const { argument, account } = call;
  const options = argument.has("options") ? argument.inner("options") : undefined;
  const owner = options?.optionalText("account_id") ?? account.id;
  const tree = readTree(call);
  const folderKey = searchedFolder(tree, options?.optionalText("path") ?? "");
  // Nothing in the account is anybody else's.
  if (folderKey === undefined || owner !== account.id) return { matches: [], has_more: false };
  return searchPage(call, {
    account: account.account,
    folderKey,
    query: argument.text("query"),
    byWords: false,
    removedSince: isFor(options, "file_status", "deleted") ? tree.retainedSince() : undefined,
    filter: {
      extensions: extensionsOf(options),
      categories: categoriesOf(options),
    },
    byDate: isFor(options, "order_by", "last_modified_time"),
    view: call.view.topKey,
    limit: options?.count("max_results") ?? 100,
    highlights: wantsHighlights(argument),
    after: undefined,
    shown: 0,
  });
}

function isFor(options: Argument | undefined, member: string, name: string): boolean {
  return options?.has(member) === true && options.choice(member).name === name;
}

function extensionsOf(options: Argument | undefined): readonly string[] | undefined {
  const given = options?.has("file_extensions") ? options.texts("file_extensions") : undefined;
  return given?.map((extension) => extension.replace(/^\./, "").toLowerCase());
}

function categoriesOf(options: Argument | undefined): readonly string[] | undefined {
  if (!options?.has("file_categories")) return undefined;
  return options.list("file_categories").map((category) => category.text(".tag"));
}

function wantsHighlights(argument: Argument): boolean {
  const fields = argument.has("match_field_options")
    ? argument.inner("match_field_options")
    : undefined;
  const former = argument.has("include_highlights") && argument.flag("include_highlights");
  return former || (fields?.flag("include_highlights") ?? false);
}

/**
 * The key of the folder to search. What is no folder has nothing below it, which is no error (fact sheet 4.10).
 *
 * @returns undefined for an id or a namespace that is not there.
 * @throws {EndpointFailure} `path/malformed_path`.
 */
function searchedFolder(tree: Tree, path: string): string | undefined {
  return wrapFailures({ lookup: "path", write: "path" }, () => {
    try {
      return lookUp(tree, path, "read").key;
    } catch (error) {
      if (error instanceof LookupFailure && error.error[".tag"] === "not_found") return undefined;
      throw error;
    }
  });
}

/** `files/search/continue_v2`. */
function continueSearch(call: Call): JsonObject {
  const { argument, account, view } = call;
  const state = codec(call).decode(argument.text("cursor"));
  if (state?.account !== account.account || state.view !== view.topKey) {
    throw new BadCall('Invalid "cursor" parameter');
  }
  return searchPage(call, state);
}

function codec({ services }: Call): CursorCodec<SearchState> {
  return cursorsFor<SearchState>(services, "search");
}

function searchPage(call: Call, state: SearchState): JsonObject {
  const { database, limits } = call.services;
  const { after, shown, limit } = state;
  const left = findNames(database, state, after);
  const possible = left.slice(0, Math.max(0, limits.searchMatchesMax - shown));
  const matches = possible.slice(0, limit);
  const last = possible.length > limit ? matches.at(-1) : undefined;
  const next = last && { ...state, after: last, shown: shown + matches.length };
  return {
    matches: foundEntries(call, state, matches).map((found) => shownMatch(state, found)),
    has_more: next !== undefined,
    cursor: next && codec(call).encode(next),
  };
}

/** What a match is shown as. */
type FoundEntry = { readonly name: string; readonly metadata: Json };

function foundEntries(
  call: Call,
  { removedSince }: SearchRequest,
  matches: readonly MatchPosition[],
): readonly FoundEntry[] {
  const tree = readTree(call);
  return matches.flatMap(({ key }) => {
    const node = removedSince === undefined ? tree.at(key) : undefined;
    const place = node ?? tree.removedAt(key);
    if (place === undefined) return [];
    const shown =
      node === undefined ? deletedMetadata(place, call.view) : metadata(node, call.view);
    return [{ name: nameOf(place.display), metadata: shown }];
  });
}

function shownMatch({ highlights, query }: SearchState, found: FoundEntry): JsonObject {
  const spans = highlights ? nameSpans(nameQuery(query, false), found.name) : undefined;
  return {
    match_type: tag("filename"),
    metadata: nested("metadata", found.metadata),
    highlight_spans: spans?.map(({ text, isMatch }) => ({
      highlight_str: text,
      is_highlighted: isMatch,
    })),
  };
}

/** `files/search`, as it was before `search_v2`: counts instead of a cursor. */
function searchAsBefore(call: Call): JsonObject {
  const { argument, account, services } = call;
  const tree = readTree(call);
  const start = argument.count("start");
  const folderKey = searchedFolder(tree, argument.text("path"));
  if (folderKey === undefined) return { matches: [], more: false, start };
  const isForRemoved = argument.choice("mode").name === "deleted_filename";
  const request: SearchRequest = {
    account: account.account,
    folderKey,
    query: argument.text("query"),
    byWords: true,
    removedSince: isForRemoved ? tree.retainedSince() : undefined,
    filter: {},
    byDate: false,
  };
  const found = findNames(services.database, request).slice(0, services.limits.searchMatchesMax);
  const end = start + argument.count("max_results");
  const matches = foundEntries(call, request, found.slice(start, end)).map((entry) => ({
    match_type: tag("filename"),
    metadata: entry.metadata,
  }));
  return { matches, more: end < found.length, start: Math.min(end, Math.max(start, found.length)) };
}
