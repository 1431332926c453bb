/**
 * @module engine — keeps two sides equal: observe, merge, plan, execute, commit, and again (S1).
 *
 * Everything the engine knows of the world comes through the ports in `EngineDeps`. Observation writes what was seen
 * into the index and nothing else; what to do follows from the three trees (S2, S3). Nothing here opens a file or a
 * socket, reads a clock or makes a random number by itself.
 */
import type { RelPath } from "../core/path/rel-path.ts";
import type {
  HoldStore,
  IndexStore,
  LocalSide,
  RemoteSide,
  RestoreJournal,
  RestoreTokens,
} from "../ports.ts";
import type { Overrides } from "../core/repo/gitdir-path.ts";
import type { RepositoryLeases } from "../core/repo/lease.ts";
import type { GitIgnores } from "../core/repo/git-ignored.ts";
import type { WorkTrees } from "../core/repo/work-trees.ts";
import type { Logger } from "../std/log.ts";
import type { Rng } from "../std/random.ts";
import type { Clock } from "../std/time.ts";

/** The world as one link sees it. */
export type EngineDeps = {
  readonly local: LocalSide;
  readonly remote: RemoteSide;
  readonly index: IndexStore;
  readonly journal: RestoreJournal;
  readonly holds: HoldStore;
  readonly tokens: RestoreTokens;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly logger: Logger;
  /** Asked where the work trees of repositories are synced (G25); absent where none are. */
  readonly workTrees?: WorkTrees;
  /** Who may write the repositories that are synced by override (G45). */
  readonly leases?: RepositoryLeases;
  /** Asked at the begin of each cycle, where what Git ignores is left out (G50); absent where it is synced. */
  readonly gitIgnores?: GitIgnores;
  /** Several writes to the disk that leave something unfinished in between, until it is disposed of (N34); absent where nobody walks there. */
  readonly inOneGo?: () => Promise<Disposable>;
  readonly config: EngineConfig;
};

/** Whether any repository is synced by override: without one nothing has to be asked of paths (G44). */
export function hasOverrides({ overrides = "" }: EngineConfig): boolean {
  return overrides !== "";
}

/** What was decided for one link, and who we are. */
export type EngineConfig = Overrides & {
  /** Ids that the root marker must carry (S22). */
  readonly workspace: string;
  readonly link: string;
  /** Id of the account that the link was made with. */
  readonly account: string;
  /** Name of this device: in conflicted copies and in the beacon. */
  readonly device: string;
  /** Name and version of the program, for the beacon (S116). */
  readonly tool: string;
  /** What is done with repositories: hold their folder, or leave their own files out (G43, G46). */
  readonly repos: "refuse" | "exclude";
  /** Another text whenever `Overrides` answer otherwise; absent where nothing is overridden (S95). */
  readonly overrides?: string;
  /** Asked at the begin of each cycle: from then on `Overrides` answer as things are now (G44). Absent where they never change. */
  renewOverrides?(): Promise<void>;
  /** Folders of the server that are to leave this disk, or never to come to it (S93). */
  excluded(): readonly RelPath[];
  /** Exclude folders, durably: for those that appear at the top of the linked folder (S94). */
  exclude(paths: readonly RelPath[]): void;
  /** What is done with a folder that appears at the top of the linked folder (S94). */
  readonly newRemoteFolders: "sync" | "exclude";
  /** Transfers at once, where it is not to be `transfersMax`. */
  readonly transfers?: number;
};
