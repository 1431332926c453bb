import { pathKeyOf, type PathKey } from "../core/path/path-key.ts";
import type { LeftPath } from "../core/plan/sync-report.ts";
import { rootNode, type NodeId } from "../core/tree/node.ts";
import type { Work } from "../std/events.ts";
import type { EngineDeps } from "./engine-deps.ts";
import { settle, type Findings, type Settlement } from "./local-settle.ts";
import { writeLocalRows } from "./local-write.ts";
import { pairEntries, type Pairing } from "./pairing.ts";
import { checkWorkspace } from "./presence.ts";
import { readContents, type Contents } from "./read-content.ts";
import { scanWorkspace, topPosition, type Scan } from "./scan.ts";
import type { Scope } from "./scope.ts";
import { lookAgain, noteAbsence } from "./second-look.ts";
import { findVanished, type LocalRows } from "./vanished.ts";

/** A name in a folder that is in the trees. */
export type Place = { readonly parent: NodeId; readonly key: PathKey };

/** What a look at the disk leaves to tell, besides the rows of the local tree. */
export type LocalObservation = {
  readonly left: readonly LeftPath[];
  /** Unknown or held, each with everything below it; `rootNode` means everything (S29, G20). */
  readonly frozen: ReadonlySet<NodeId>;
  /** Places on the disk that hold something which is in no tree: nothing can be put there. */
  readonly blocked: readonly Place[];
};

/**
 * Look at the whole workspace and bring the local tree up to what the disk shows (S22–S29). Only rows that changed are
 * written, in one transaction after everything was seen; what is unknown keeps its row.
 *
 * @throws {SnapError} `workspace-missing`, `interrupted`, errors of the index
 */
export async function observeLocal(
  deps: EngineDeps,
  scope: Scope,
  work: Work,
): Promise<LocalObservation> {
  await checkWorkspace(deps);
  const scan = await scanWorkspace({ local: deps.local, clock: deps.clock, scope }, work);
  const closed = scan.closed.get(topPosition);
  if (closed !== undefined) return { left: [closed], frozen: new Set([rootNode]), blocked: [] };
  const rows: LocalRows = new Map([...deps.index.local.all()].map((row) => [row.node, row]));
  const { nodes, contents } = await identify(deps, { scan, rows }, work);
  const vanished = findVanished({ scan, nodes, rows });
  noteAbsence(deps.index, vanished, scan.startedAt);
  const doubts = await lookAgain(deps, { scan, scope, rows, vanished }, work);
  const troubles = new Map([...scan.closed, ...contents.unread]);
  const findings: Findings = { scan, nodes, rows, vanished, doubts, troubles };
  const settlement = settle(findings);
  const written = writeLocalRows(deps.index, { findings, settlement, contents });
  return report(findings, settlement, written);
}

type Identified = { readonly nodes: Pairing; readonly contents: Contents };

/**
 * Pair what was seen with nodes and read what has to be read. Where the file system has no file ids, files that
 * seem new are paired once more when their content is known (S19, 5).
 */
async function identify(
  deps: EngineDeps,
  { scan, rows }: { readonly scan: Scan; readonly rows: LocalRows },
  work: Work,
): Promise<Identified> {
  const { seen, foreign } = scan;
  const opaque = new Set([...scan.closed.keys(), ...scan.clouded]);
  const pair = (hashOf: (position: number) => string | undefined): Pairing => {
    const synced = deps.index.synced.all();
    return pairEntries({ seen, foreign, opaque, synced, local: rows.values(), hashOf });
  };
  const first = pair(() => undefined);
  const contents = await readContents(deps, { seen, nodes: first }, work);
  const withoutIds = seen.some(
    ({ kind, stat }, position) =>
      kind === "file" && stat.fileId === "" && first[position] === undefined,
  );
  const nodes = withoutIds ? pair((position) => contents.of.get(position)?.hash) : first;
  return { nodes, contents };
}

/** What to tell, and what the merge must keep away from. */
function report(
  { scan, nodes, doubts }: Findings,
  { skipped, staying }: Settlement,
  nodeAt: ReadonlyMap<number, NodeId>,
): LocalObservation {
  const taken = [
    ...scan.foreign,
    ...[...skipped.keys()].flatMap((position) => {
      const seen = scan.seen[position];
      return seen === undefined ? [] : [{ parent: seen.parent, name: seen.stat.name }];
    }),
  ];
  const blocked = taken.flatMap(({ parent, name }): Place[] => {
    const folder = parent === topPosition ? rootNode : nodeAt.get(parent);
    return folder === undefined ? [] : [{ parent: folder, key: pathKeyOf(name) }];
  });
  const frozen = new Set(staying);
  for (const position of skipped.keys()) {
    const node = nodes[position];
    if (node !== undefined) frozen.add(node);
  }
  const told = [...skipped.values(), ...doubts.values()].filter((left) => left !== undefined);
  const doubted = new Set([...doubts.values()].map(({ path }) => path));
  const unsynced = scan.foreign.filter(({ why, path }) => why === "unsynced" && !doubted.has(path));
  return {
    left: [
      ...scan.left,
      ...told,
      ...unsynced.map(({ path }): LeftPath => ({
        path,
        kind: "unsynced",
        reason: "is a link or a special file",
      })),
    ],
    frozen,
    blocked,
  };
}
