import type { Clock } from "../../std/time.ts";
import type { Rng } from "../../std/random.ts";
import { ReadyAnswer, rateLimited } from "../wire/answer.ts";
import { BrokenBody } from "../wire/body.ts";
import type { CallFacts, Committer, Disturbance } from "../wire/interposer.ts";
import type { Database } from "../store/database.ts";
import type { BodyStep } from "./body-steps.ts";
import { full, refill, spend, waitFor } from "./bucket.ts";
import type { Level } from "./bucket.ts";
import { Line, paceThrough } from "./line.ts";
import { noProfile } from "./profiles.ts";
import type { Profile } from "./profiles.ts";
import { ReadLag } from "./read-lag.ts";
import { WriteLocks } from "./write-locks.ts";
import type { LockWait } from "./write-locks.ts";

/** What a simulation works with. */
export type SimulationParts = {
  readonly database: Database;
  readonly clock: Clock;
  readonly rng: Rng;
};

/** The two ways that bodies go. */
export type Way = "up" | "down";

/** Makes the server as slow and as busy as a profile says (V74). */
export class Simulation {
  readonly #parts: SimulationParts;
  readonly #locks: WriteLocks;
  #profile = noProfile;
  #lag: ReadLag;
  #total: Readonly<Record<Way, Line | undefined>> = { up: undefined, down: undefined };
  #requests = new Map<string, Level>();

  constructor(parts: SimulationParts) {
    this.#parts = parts;
    this.#locks = new WriteLocks(parts.clock);
    this.#lag = new ReadLag(parts.database, parts.clock, 0);
  }

  get profile(): Profile {
    return this.#profile;
  }

  /** From the next call on; calls under way go on as they began. */
  setProfile(profile: Profile): void {
    const { database, clock } = this.#parts;
    this.#profile = profile;
    this.#lag = new ReadLag(database, clock, profile.readLagMs);
    this.#total = {
      up: this.#line(profile.totalUploadBytesPerSecond),
      down: this.#line(profile.totalDownloadBytesPerSecond),
    };
    this.#requests = new Map();
  }

  #line(bytesPerSecond: number | undefined): Line | undefined {
    return bytesPerSecond === undefined ? undefined : new Line(bytesPerSecond, this.#parts.clock);
  }

  /** Half of the round trip. @throws {BrokenBody} when the client is gone. */
  async travel(signal: AbortSignal): Promise<void> {
    await pause(this.#parts.clock, this.#profile.roundTripMs / 2, signal);
  }

  /** What the body of one call is slowed down by; undefined for nothing. */
  bandwidth(way: Way): BodyStep | undefined {
    const { uploadBytesPerSecond, downloadBytesPerSecond } = this.#profile;
    const own = this.#line(way === "up" ? uploadBytesPerSecond : downloadBytesPerSecond);
    const lines = [own, this.#total[way]].filter((line) => line !== undefined);
    return paceThrough(lines, this.#parts.clock);
  }

  /** What the profile wants of a call. @throws {ReadyAnswer} 429 when its account calls too often. */
  disturbance({ account }: CallFacts): Disturbance {
    if (account !== undefined) this.#countRequest(account);
    const { jobPolls } = this.#profile;
    const readableUpTo = this.#lag.readableUpTo();
    return {
      ...(jobPolls > 0 ? { jobPolls } : {}),
      ...(readableUpTo === undefined ? {} : { readableUpTo }),
    };
  }

  /** Refused calls count as well (fact sheet 5.1), but nobody is shut out for longer than two seconds. */
  #countRequest(account: string): void {
    const { requestsPerSecond } = this.#profile;
    if (requestsPerSecond === undefined) return;
    const { clock, rng } = this.#parts;
    const bucket = { perSecond: requestsPerSecond, burst: requestsPerSecond };
    const before = this.#requests.get(account) ?? full(bucket, clock.now());
    const now = refill(bucket, before, clock.now());
    const isRefused = now.tokens < 1;
    if (!isRefused || now.tokens > -bucket.burst) this.#requests.set(account, spend(now, 1));
    if (!isRefused) return;
    const waitMs = waitFor(bucket, spend(now, 1), 1);
    throw new ReadyAnswer(rateLimited("too_many_requests", rng, Math.ceil(waitMs / 1000)));
  }

  /** Whether a commit of this account would meet another one. */
  isLocked(account: number): boolean {
    return this.#locks.isTaken(account);
  }

  /**
   * A commit, when the namespace's lock is free.
   *
   * @throws {ReadyAnswer} 429 when it does not become free in time; {BrokenBody} when the client is gone.
   */
  async commit<T>({ account, signal }: Committer, work: () => Promise<T>): Promise<T> {
    const { clock, rng } = this.#parts;
    const { lockWaitMs, commitMs } = this.#profile;
    if (!(await this.#takeLock(account, { waitMs: lockWaitMs, signal }))) {
      throw new ReadyAnswer(rateLimited("too_many_write_operations", rng, 1));
    }
    try {
      await pause(clock, commitMs, signal);
      const result = await work();
      this.#lag.note();
      return result;
    } finally {
      this.#locks.release(account);
    }
  }

  async #takeLock(account: number, wait: LockWait): Promise<boolean> {
    try {
      return await this.#locks.take(account, wait);
    } catch (error) {
      throw new BrokenBody(error);
    }
  }
}

/** Wait by the server's clock. @throws {BrokenBody} when the client is gone before the time is over. */
export async function pause(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  if (delayMs <= 0) return;
  try {
    await clock.sleep(delayMs, signal);
  } catch (error) {
    throw new BrokenBody(error);
  }
}
