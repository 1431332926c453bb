import { createHash } from "node:crypto";
import { CheckedRecord, canonicalJson, textFromBytes } from "../core/snapshot/checked-json.ts";
import { SnapError, describeError, throwIfAborted } from "../std/error.ts";
import type { Logger } from "../std/log.ts";
import { randomHex, type Rng } from "../std/random.ts";
import { isoSeconds, type Clock } from "../std/time.ts";
import { isAlive, ownIdentity, type ProcessIdentity } from "./process-identity.ts";
import type { StoreFiles } from "./store-files.ts";
import { flushFolders } from "./sweep.ts";
import { WaitingFile, waitingNames } from "./waiting-file.ts";

const lockName = "lock";
const lockBytesMax = 64 * 1024;
const pollMs = 250;
/** Locks that vanish or are broken without our getting the next one, beyond the waiting, before we give up. */
const breaksMax = 20;
/** How long a holder that hands over waits for the other to begin, and then for it to end. */
const handOverMs = 10_000;
const regainMs = 60 * 60_000;
/** N30: how often a holder says that it is still at work, and after what silence another host's lock is broken. */
const renewMs = 10_000;
const silenceMaxMs = 30 * 60_000;
/** How long another host's lock must stand as it is while we look: its clock may be another than ours. */
const watchedMs = 2 * renewMs;

/** What a lock file says. */
type Holder = ProcessIdentity & {
  readonly token: string;
  readonly doing: string;
  readonly since: string;
  readonly renewedMs: number;
};

/** Which store is locked, by whom, and for how long another writer is waited for. */
export type LockOptions = {
  readonly files: StoreFiles;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly logger: Logger;
  /** How long to wait for another writer. */
  readonly waitMs: number;
  /** Shown to whoever has to wait. */
  readonly doing: string;
  readonly signal?: AbortSignal | undefined;
};

/**
 * The one writer of a store (N30). The lock of a process that is gone is broken unasked, another host's only after
 * half an hour of silence; a living one is waited for.
 */
export class WriterLock implements AsyncDisposable {
  readonly #options: LockOptions;
  #holder: Holder;
  #isWanted = false;

  private constructor(options: LockOptions, holder: Holder) {
    this.#options = options;
    this.#holder = holder;
  }

  /** Names this holder among all. */
  get token(): string {
    return this.#holder.token;
  }

  /** Another writer was waiting at the last renewal (N30). */
  get isWanted(): boolean {
    return this.#isWanted;
  }

  /** @throws {SnapError} `busy` naming the holder, after the wait; `interrupted`. */
  static async acquire(options: LockOptions): Promise<WriterLock> {
    const holder = await newHolder(options);
    await using waiting = new WaitingFile(options.files, holder.token, options.logger);
    return await WriterLock.#acquire(options, holder, () => waiting.write(bytesOf(holder)));
  }

  static async #acquire(
    options: LockOptions,
    holder: Holder,
    onWait: () => Promise<void>,
  ): Promise<WriterLock> {
    const attempts = Math.ceil(options.waitMs / pollMs) + 1;
    let first = { text: "", attempt: 0 };
    for (let attempt = 1; ; attempt += 1) {
      throwIfAborted(options.signal);
      const seen = await readLock(options.files);
      const text = await withClaims(options.files, seen.text);
      if (text !== first.text) first = { text, attempt };
      const isWatched = (attempt - first.attempt) * pollMs >= watchedMs;
      // A held lock is only looked at: an attempt to make one flushes the disk twice.
      if (seen.text === undefined && (await options.files.create(lockName, bytesOf(holder)))) {
        return new WriterLock(options, holder);
      }
      const isFree = await tryBreak(options, { ...seen, isWatched });
      if (attempt >= attempts + (isFree ? breaksMax : 0)) throw busy(options.files.top, seen);
      if (isFree) continue;
      if (attempt === 1) {
        options.logger.info("waiting for another writer", { holder: inWords(seen) });
        await onWait();
      }
      await pause(options);
    }
  }

  /** Say that the work goes on; cheap, called at every step of it. @throws {SnapError} `busy` when the lock was lost */
  async renew(): Promise<void> {
    await this.renewIfDue();
  }

  /** The same without a promise where it is not time yet, for steps of which there are many. */
  renewIfDue(): Promise<void> | undefined {
    const now = this.#options.clock.now();
    const silentMs = now - this.#holder.renewedMs;
    // A clock that was set back must not make it silent until the time comes again.
    return silentMs >= 0 && silentMs < renewMs ? undefined : this.#renewAt(now);
  }

  async #renewAt(now: number): Promise<void> {
    await this.#requireOwn();
    this.#holder = { ...this.#holder, renewedMs: now };
    await this.#options.files.put(lockName, bytesOf(this.#holder));
    this.#isWanted = await isAnyWaiting(this.#options);
  }

  /** Right before and after what cannot be taken back. @throws {SnapError} `busy` when the lock was lost */
  async confirm(): Promise<void> {
    await this.#requireOwn();
  }

  /**
   * Let the writers that wait go first, and take the lock again (N30). What is in the store may be other than before.
   *
   * @throws {SnapError} `busy` where it does not come back within an hour, or was lost before; `interrupted`
   */
  async handOver(): Promise<void> {
    const options = this.#options;
    await this.#requireOwn();
    await options.files.remove(lockName);
    for (let waited = 0; waited < handOverMs && (await isAnyWaiting(options)); waited += pollMs) {
      await pause(options);
    }
    // Without telling that it waits: two long captures would else go on by turns.
    const holder = { ...(await newHolder(options)), token: this.#holder.token };
    const again = await WriterLock.#acquire(
      { ...options, waitMs: regainMs },
      holder,
      async () => {},
    );
    this.#holder = again.#holder;
    this.#isWanted = false;
  }

  /** Never rejects: a disk that fails here has failed the work before, and that is what must be told. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      const seen = await readLock(this.#options.files);
      if (seen.holder?.token === this.#holder.token) await this.#options.files.remove(lockName);
    } catch (error) {
      this.#options.logger.error("cannot release the lock", { reason: describeError(error) });
    }
  }

  async #requireOwn(): Promise<void> {
    const seen = await readLock(this.#options.files);
    if (seen.holder?.token !== this.#holder.token) throw busy(this.#options.files.top, seen);
  }
}

/** Whether a writer that lives has told that it waits; what the others left is removed. */
async function isAnyWaiting(options: LockOptions): Promise<boolean> {
  let isAny = false;
  for (const name of await waitingNames(options.files)) {
    const seen = await readLock(options.files, name);
    if (seen.text === undefined) continue;
    if (await isDead(options, seen)) await options.files.remove(name);
    else isAny = true;
  }
  return isAny;
}

async function newHolder(options: LockOptions): Promise<Holder> {
  const now = options.clock.now();
  return {
    ...(await ownIdentity()),
    token: randomHex(options.rng, 16),
    doing: options.doing,
    since: isoSeconds(now),
    renewedMs: now,
  };
}

function bytesOf(holder: Holder): Uint8Array {
  return Buffer.from(canonicalJson(holder));
}

/** A lock as it was found: its text, and what it says where it can be read. */
type SeenLock = {
  readonly text: string | undefined;
  readonly holder: Holder | undefined;
  /** false: it may be new, as far as we know. */
  readonly isWatched?: boolean;
};

async function readLock(files: StoreFiles, name: string = lockName): Promise<SeenLock> {
  const bytes = await files.get(name, lockBytesMax);
  if (bytes === undefined) return { text: undefined, holder: undefined };
  return { text: bytes.toString("latin1"), holder: parseHolder(bytes) };
}

/** A lock that cannot be read was never ours: locks appear whole. */
function parseHolder(bytes: Buffer): Holder | undefined {
  try {
    const record = CheckedRecord.parse(textFromBytes(bytes, lockName), lockName);
    return {
      host: record.text("host"),
      pid: record.count("pid"),
      boot: record.text("boot"),
      pids: record.text("pids"),
      started: record.text("started"),
      token: record.text("token"),
      doing: record.text("doing"),
      since: record.text("since"),
      renewedMs: record.count("renewedMs"),
    };
  } catch (error) {
    if (error instanceof SnapError) return undefined;
    throw error;
  }
}

/**
 * Take a dead lock out of the way; true where it is worth trying again at once. Only who has claimed this very text may
 * remove it, so it is still the same when it goes. A claim whose maker is gone is broken in the same way.
 */
async function tryBreak(
  options: LockOptions,
  seen: SeenLock,
  name: string = lockName,
): Promise<boolean> {
  if (seen.text === undefined) return true;
  if (!(await isDead(options, seen))) return false;
  const { files, logger } = options;
  const claim = claimOn(seen.text);
  if (!(await files.create(claim, bytesOf(await newHolder(options))))) {
    return await tryBreak(options, { ...seen, ...(await readLock(files, claim)) }, claim);
  }
  try {
    const isSame = (await readLock(files, name)).text === seen.text;
    if (isSame && name === lockName) await flushFolders(files);
    if (isSame) await files.remove(name);
    if (isSame) logger.info("broke the lock of a writer that is gone", { holder: inWords(seen) });
    return true;
  } finally {
    await files.remove(claim);
  }
}

/** A lock and who is breaking it, and who is breaking that: another host at it has been watched for only as long as this stays. */
async function withClaims(files: StoreFiles, text: string | undefined): Promise<string> {
  if (text === undefined) return "";
  return `${text}\n${await withClaims(files, (await readLock(files, claimOn(text))).text)}`;
}

/** Of a form that the next writer sweeps. */
function claimOn(text: string): string {
  return `tmp/lock-${createHash("sha256").update(text).digest("hex").slice(0, 24)}`;
}

async function isDead(
  options: LockOptions,
  { holder, isWatched = true }: SeenLock,
): Promise<boolean> {
  if (holder === undefined) return true;
  const alive = await isAlive(holder, await ownIdentity());
  if (alive !== undefined) return !alive;
  return isWatched && options.clock.now() - holder.renewedMs > silenceMaxMs;
}

async function pause(options: LockOptions): Promise<void> {
  try {
    await options.clock.sleep(pollMs, options.signal);
  } catch (error) {
    throwIfAborted(options.signal);
    throw error;
  }
}

function inWords({ holder }: SeenLock): string {
  if (holder === undefined) return "an unknown process";
  return `process ${holder.pid} on ${holder.host} (${holder.doing}, since ${holder.since})`;
}

function busy(top: string, seen: SeenLock): SnapError {
  return new SnapError("busy", `The snapshot store "${top}" is being written by ${inWords(seen)}`, {
    hint: "Wait until it is done, or stop it, and run the command again.",
    path: top,
  });
}
