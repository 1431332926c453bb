import type { RelPath } from "../../core/path/rel-path.ts";
import type { LeftPath } from "../../core/plan/sync-report.ts";
import type { NodeId, Stamp } from "../../core/tree/node.ts";
import type { IndexStore } from "../../ports.ts";
import type { Work } from "../../std/events.ts";
import type { Folder, SeenStat } from "./folder.ts";
import type { LookMemory } from "./memory.ts";
import type { RowWriter } from "./write.ts";
import type { PlaceCandidates } from "./pairing.ts";
import type { Looker } from "./scan.ts";

/** Something whose place or node is not the one it had: settled only when everything was seen. */
export type Loose = {
  /** Where it stands. */
  readonly folder: Folder;
  readonly stat: SeenStat;
  readonly candidates: PlaceCandidates;
  /** Itself, if it is a folder. */
  readonly own: Folder | undefined;
  /** Undefined while it is not paired, and for a new one. */
  node: NodeId | undefined;
};

/** A row that nothing in its folder answers to: its top, if it is a folder that vanished with all below (S27). */
export type Missed = {
  readonly folder: Folder;
  readonly name: string;
  /** What stands at its place and is something else. */
  readonly taker: SeenStat | undefined;
  /** Why what stands at its place is in no tree. */
  readonly foreign: "ignored" | "unsynced" | undefined;
};

/** What one look leaves besides rows: what is unchanged or surely new leaves nothing. */
export type Findings = {
  /** Before the first folder was read, ms since 1970 (S23). */
  readonly startedAt: number;
  /** Folders above before those below. */
  readonly loose: Loose[];
  readonly missed: Map<NodeId, Missed>;
  /** Known folders that were read. */
  readonly visited: Set<NodeId>;
  /** Known folders that were found, under a changed identity or at another place. */
  readonly claimed: Set<NodeId>;
  /** Folders that were not looked into. */
  readonly closed: Map<Folder, LeftPath>;
  /** Stamps of known folders, from before they were read, where they are not those of the rows. */
  readonly stamps: Map<NodeId, Stamp>;
  /** Folders that hold names which no text can hold (S14). */
  readonly clouded: RelPath[];
  /** What the folders that were read have to tell, beside those that were read before. */
  readonly notes: LookMemory;
  /** Everything was looked at. */
  readonly isWhole: boolean;
  /** Leftovers at places where the server has something, or had when they got their rows. */
  readonly wantedLeftovers: Folder[];
  /** Files without file ids were met that may be known ones (S19, 5). */
  withoutIds: boolean;
};

/** Before anything was looked at. */
export function noFindings(
  startedAt: number,
  { notes, isWhole }: Pick<Findings, "notes" | "isWhole">,
): Findings {
  return {
    startedAt,
    notes,
    isWhole,
    loose: [],
    missed: new Map(),
    visited: new Set(),
    claimed: new Set(),
    closed: new Map(),
    stamps: new Map(),
    clouded: [],
    wantedLeftovers: [],
    withoutIds: false,
  };
}

/** What a walk works with. */
export type WalkDeps = {
  readonly index: IndexStore;
  readonly looker: Looker;
  readonly rows: RowWriter;
  readonly findings: Findings;
  readonly work: Work;
};
