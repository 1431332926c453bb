import type { Call, Services } from "../wire/call.ts";
import type { Disturbance } from "../wire/interposer.ts";
import { BadCall, EndpointFailure, LookupFailure, tag, wrapFailures } from "../wire/failure.ts";
import { parentKey } from "../tree/node.ts";
import { firstIncarnation, hasSeen, sightNow } from "../store/incarnations.ts";
import type { Tree } from "../tree/tree.ts";
import { CursorCodec } from "./cursor.ts";
import type { CursorState } from "./cursor.ts";
import { epochOf } from "./epoch.ts";

/** What a cursor is judged by. */
export type Judge = { readonly services: Services; readonly disturbance: Disturbance };

/** Reads and writes this server's cursors. */
export function cursorCodec({ database, rng }: Services): CursorCodec {
  return new CursorCodec(database.secret("cursor-key"), rng);
}

/**
 * Where the cursor of a call stands, if a listing can go on from there.
 *
 * @throws {BadCall} for a cursor that is none, or another account's or view's; {EndpointFailure} `path` when its folder
 * is gone, `reset` when the listing has to begin anew (V31).
 */
export function resumed(call: Call, tree: Tree): CursorState {
  const state = cursorCodec(call.services).decode(call.argument.text("cursor"));
  if (state?.account !== call.account.account || state.view !== call.view.topKey) {
    throw new BadCall('Invalid "cursor" parameter');
  }
  checkEpoch(call, state);
  wrapFailures({ lookup: "path", write: "path" }, () => checkFolder(tree, state));
  return state;
}

/**
 * @throws {EndpointFailure} `reset` for a cursor of another epoch, of an account that is gone, or of a time that this
 * database has not been through: an older copy of it was put back (V31).
 */
export function checkEpoch({ services, disturbance }: Judge, state: CursorState): void {
  const { database } = services;
  const { sight = { incarnation: firstIncarnation, seen: state.position } } = state;
  const isOver =
    disturbance.resetCursor === true ||
    state.epoch !== epochOf(database, state.account) ||
    !hasSeen(database, sight);
  if (isOver) throw reset();
}

/** The state that a cursor is made of now. */
export function handedOut({ database }: Services, state: CursorState): CursorState {
  return { ...state, sight: sightNow(database) };
}

/**
 * The folder must still be the same one. A removed one can be listed with what was in it (Choice 14).
 *
 * Where it was taken away and is back, the journal tells nothing of what happened to it elsewhere; and the root of an
 * app cannot be gone (V16). Both mean that the listing begins anew.
 */
function checkFolder(tree: Tree, state: CursorState): void {
  const { folderKey, folderId, options, afterKey, position } = state;
  if (folderKey !== tree.view.topKey) {
    const id = tree.at(folderKey)?.id;
    const removed = id === undefined ? tree.removedAt(folderKey) : undefined;
    const listsRemoved = options.includeDeleted && afterKey !== undefined;
    if (listsRemoved && removed?.id === folderId) return;
    if (id !== folderId) throw new LookupFailure("not_found");
  }
  if (tree.journal.hasFolderRemoval(itselfAndAbove(folderKey), position)) throw reset();
}

function itselfAndAbove(key: string): readonly string[] {
  const keys: string[] = [];
  for (let at = key; at !== ""; at = parentKey(at)) keys.push(at);
  return keys;
}

function reset(): EndpointFailure {
  return new EndpointFailure(tag("reset"));
}
