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
  /** Of several computers, which one this is; also the name of the device. */
  readonly link?: string;
};

export const markerOf = { workspace: "w".repeat(16), link: "l".repeat(16) } as const;

/** A run of the program, whose clock can be put forward. */
export type OpenSync = {
  readonly open: OpenIndex;
  readonly engine: Engine;
  readonly clock: Clock;
  readonly advance: (ms: number) => void;
};

/** One run of the program, on real files, whose waits take no time. */
export function openSync(place: SyncPlace, line: typeof fetch): OpenSync {
  let aheadMs = place.aheadMs;
  const clock: Clock = {
    now: () => Date.now() + aheadMs,
    sleep: async (delayMs) => {
      aheadMs += delayMs;
    },
  };
  const rng = systemRng;
  const { top, account, refreshToken, link = markerOf.link } = place;
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
      link,
      account,
      device: place.link ?? "box",
      tool: "snap test",
      repos: "refuse",
      overridden: () => false,
      excluded: () => [],
      exclude: () => {},
      newRemoteFolders: "sync",
    },
  });
  const advance = (ms: number): void => {
    aheadMs += ms;
  };
  return { open, engine, clock, advance };
}
