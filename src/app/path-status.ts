import { isConflictName } from "../core/path/names.ts";
import {
  baseName,
  isInside,
  pathComponents,
  topPath,
  type RelPath,
} from "../core/path/rel-path.ts";
import type { LeftPath } from "../core/plan/sync-report.ts";
import { rootNode, type Kind, type LocalEntry, type NodeId } from "../core/tree/node.ts";
import { pathOf } from "../core/tree/tree-view.ts";
import { exitOf } from "../engine/report.ts";
import { openLocalSide } from "../local/local-side.ts";
import type { IndexStore } from "../ports.ts";
import type { OpenIndex } from "../state/database.ts";
import { SnapError, type ExitCode } from "../std/error.ts";
import type { Work } from "../std/events.ts";
import { boundaryOf } from "./boundary.ts";
import type { Environment } from "./environment.ts";
import { kindAt } from "./exclude-globs.ts";
import { requireLink, type LinkedRecord } from "./find-workspace.ts";
import { heldIn, leftWithHolds } from "./holds.ts";
import { ignoreJudge, type CheckedPath } from "./ignore.ts";
import { parseLeft } from "./last-left.ts";
import { lookAtIndexOf } from "./look-index.ts";
import {
  changesBelow,
  hasChanged,
  unequalNodes,
  unequalSides,
  type PendingView,
} from "./pending.ts";
import { workspacePath } from "./workspace-path.ts";

/** How one file or folder stands. */
export type PathStatus = {
  readonly path: RelPath;
  readonly kind: Kind;
  /**
   * `up`, `down`, `both`: changed here, there, or on both sides, for a folder at or below it. `outside`: not synced, see `checked`.
   * `missing`: on neither side. `left`: something was left aside, see `left`.
   */
  readonly state: "synced" | "up" | "down" | "both" | "left" | "outside" | "missing";
  readonly exit: ExitCode;
  /** Changes that are not synced yet, at and below it. */
  readonly pending: number;
  /** Why it is not synced. */
  readonly checked: CheckedPath | undefined;
  /** What the last sync left aside at it, below it, or above it. */
  readonly left: readonly LeftPath[];
  readonly isConflictCopy: boolean;
};

/**
 * How one file or folder of a workspace stands, by what the disk shows and what the last look at the server knew. Asks no server,
 * changes nothing, and waits for nobody.
 *
 * @throws {SnapError} `workspace-missing`, `path-invalid` outside the workspace, `damaged` where the index is missing
 */
export async function readPathStatus(
  environment: Environment,
  { place, named }: { readonly place: string; readonly named: string },
  work: Work,
): Promise<PathStatus> {
  const record = requireLink(environment, place);
  const at = workspacePath(environment, record, named);
  using state = lookAtIndexOf(environment, record);
  if (state === undefined) {
    throw new SnapError("damaged", `The index of "${record.path}" is of an earlier version`, {
      path: record.path,
      hint: "`snap sync` brings it up to date; nothing is lost.",
    });
  }
  return await judge(environment, { record, state, at, work });
}

type Asked = {
  readonly record: LinkedRecord;
  readonly state: OpenIndex;
  readonly at: RelPath;
  readonly work: Work;
};

async function judge(environment: Environment, asked: Asked): Promise<PathStatus> {
  const { record, state, at, work } = asked;
  const { clock, rng } = environment;
  const local = openLocalSide({ top: record.path, clock, rng });
  const here = await local.stat(at);
  const kind = kindOf(state.index, at, here?.kind === "folder");
  const isConflictCopy = isConflictName(baseName(at));
  const bare = { path: at, kind, isConflictCopy, pending: 0, exit: 0, left: [] } as const;
  const checked = at === topPath ? undefined : (await ignoreJudge(environment, record))(at, kind);
  if (checked !== undefined && checked.state !== "synced") {
    return { ...bare, state: "outside", checked };
  }
  const boundary = await boundaryOf({ environment, record, local, state });
  const view = { local, index: state.index, boundary, signal: work.signal };
  const changes = await changesAt(view, at, here);
  const left = leftAt(state, at);
  const isKnown = here !== undefined || nodesAt(state.index, at).length > 0;
  const shown = { ...bare, checked: undefined, left, pending: changes.count, exit: exitOf(left) };
  return { ...shown, state: stateOf({ isKnown, left, ...changes }) };
}

function kindOf(index: IndexStore, at: RelPath, isFolderHere: boolean): Kind {
  if (isFolderHere || at === topPath) return "folder";
  return rowAt(index, at)?.kind ?? kindAt(index, at) ?? "file";
}

type Facts = Changes & { readonly isKnown: boolean; readonly left: readonly LeftPath[] };

function stateOf({ isKnown, left, here, there }: Facts): PathStatus["state"] {
  if (left.some(({ kind }) => kind !== "unsynced")) return "left";
  if (here && there) return "both";
  if (here) return "up";
  if (there) return "down";
  return isKnown ? "synced" : "missing";
}

type Changes = { readonly here: boolean; readonly there: boolean; readonly count: number };

type Stat = Awaited<ReturnType<PendingView["local"]["stat"]>>;

async function changesAt(view: PendingView, at: RelPath, stat: Stat): Promise<Changes> {
  const { index } = view;
  const { changed, fresh } = await changesOnDisk(view, at, stat);
  const nodes = new Set<NodeId>(changed);
  let here = changed.length + fresh > 0;
  let there = false;
  for (const node of unequalNodes(index)) {
    if (!placesOf(index, node).some((path) => isInside(path, at))) continue;
    nodes.add(node);
    const sides = unequalSides(index, node);
    here ||= sides.here;
    there ||= sides.there;
  }
  return { here, there, count: nodes.size + fresh };
}

async function changesOnDisk(
  view: PendingView,
  at: RelPath,
  stat: Stat,
): Promise<{ readonly changed: readonly NodeId[]; readonly fresh: number }> {
  const row = rowAt(view.index, at);
  if (at === topPath) return await changesBelow(view, { path: at, node: rootNode });
  if (row === undefined) {
    const isNew = stat?.kind === "file" || stat?.kind === "folder";
    return { changed: [], fresh: isNew ? 1 : 0 };
  }
  if (stat === undefined || hasChanged(row, stat)) return { changed: [row.node], fresh: 0 };
  if (row.kind === "file") return { changed: [], fresh: 0 };
  return await changesBelow(view, { path: at, node: row.node });
}

/** The row of what was last seen on the disk at a path. */
function rowAt({ local }: IndexStore, at: RelPath): LocalEntry | undefined {
  let row: LocalEntry | undefined;
  for (const name of pathComponents(at)) {
    const parent: NodeId = row?.node ?? rootNode;
    row = [...local.children(parent)].find((entry) => entry.name === name);
    if (row === undefined) return undefined;
  }
  return row;
}

/** Where a node is, on either side. */
function placesOf({ local, remote, synced }: IndexStore, node: NodeId): readonly RelPath[] {
  return [local, remote, synced].flatMap((tree) => pathOf(tree, node) ?? []);
}

/** Nodes of which some tree has this very place. */
function nodesAt(index: IndexStore, at: RelPath): readonly NodeId[] {
  const row = rowAt(index, at);
  if (row !== undefined) return [row.node];
  return [...unequalNodes(index)].filter((node) => placesOf(index, node).includes(at));
}

function leftAt(state: OpenIndex, at: RelPath): readonly LeftPath[] {
  const all = leftWithHolds(parseLeft(state.index.meta("last_left")), heldIn(state).sets);
  return all.filter(({ path, kind }) => {
    // A held set names the deepest folder that holds all of it.
    const top = path === "/" ? "" : path;
    if (isBelow(top, at)) return true;
    return kind !== "parked" && kind !== "hold" && isBelow(at, top);
  });
}

function isBelow(inner: string, outer: string): boolean {
  return outer === "" || inner === outer || inner.startsWith(`${outer}/`);
}
