import { openEngine, type Engine } from "../../src/engine/engine.ts";
import { openLocalSide } from "../../src/local/local-side.ts";
import { openRemote } from "../../src/remote/dropbox-side.ts";
import { openIndex, type OpenIndex } from "../../src/state/database.ts";
import { silentLogger } from "../../src/std/log.ts";
import { systemRng } from "../../src/std/random.ts";
import type { Clock } from "../../src/std/time.ts";

/** Folder of the account that the workspace is linked to. */
export const linkedFolder = "/Linked";

/** Where one workspace, its index and its server are: all that a process needs to know. */
export type SyncPlace = {
  readonly top: string;
  readonly index: string;
  readonly account: string;
  readonly refreshToken: string;
  /** How far ahead of the computer's the clock is, ms. */
  readonly aheadMs: number;
};

export const markerOf = { workspace: "w".repeat(16), link: "l".repeat(16) } as const;

/** One run of the program, on real files, whose waits take no time. */
export function openSync(
  place: SyncPlace,
  line: typeof fetch,
): { open: OpenIndex; engine: Engine; clock: Clock } {
  let aheadMs = place.aheadMs;
  const clock: Clock = {
    now: () => Date.now() + aheadMs,
    sleep: async (delayMs) => {
      aheadMs += delayMs;
    },
  };
  const rng = systemRng;
  const { top, account, refreshToken } = place;
  const auth = { appKey: "snap", refreshToken };
  const open = openIndex(place.index, { clock });
  const { index, journal, holds, tokens } = open;
  const engine = openEngine({
    local: openLocalSide({ top, clock, rng }),
    remote: openRemote({ auth, account: undefined, clock, rng, fetch: line, top: linkedFolder }),
    index,
    journal,
    holds,
    tokens,
    clock,
    rng,
    logger: silentLogger,
    config: {
      ...markerOf,
      account,
      device: "box",
      tool: "snap test",
      repos: "refuse",
      overridden: () => false,
      excluded: () => [],
      exclude: () => {},
      newRemoteFolders: "sync",
    },
  });
  return { open, engine, clock };
}
