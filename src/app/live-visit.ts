import { Stand } from "../engine/live/stand.ts";
import { SnapError } from "../std/error.ts";

/** A disk that stands still until this is disposed of. */
export interface Standing extends Disposable {
  /** Fires when it stands still no longer, whoever is there. */
  readonly ended: AbortSignal;
}

/** One command at a time that reads a workspace beside its sync, which writes nothing to the disk meanwhile (N34). */
export class Visit {
  readonly stand: Stand = new Stand();
  #what: string | undefined;
  #isOpen = false;
  readonly #ending = new AbortController();
  #waiting: (() => void)[] = [];

  /** What is being done; undefined while nobody is there. */
  get what(): string | undefined {
    return this.#what;
  }

  /** Whether somebody may come: the workspace is held here. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /**
   * Somebody may come while the work goes on. When this ends nobody can come any more, and whoever was there has gone: until then the
   * workspace stays held, so that nobody else writes there.
   *
   * @param onWait told where somebody is there after the work
   */
  async during(work: () => Promise<void>, onWait: () => void): Promise<void> {
    this.#isOpen = true;
    try {
      await work();
    } finally {
      if (this.#what !== undefined) onWait();
      while (this.#what !== undefined && !this.#ending.signal.aborted) {
        await new Promise<void>((resolve) => this.#waiting.push(resolve));
      }
      this.#isOpen = false;
    }
  }

  /** The end of all: nobody is waited for, and who is there is told. */
  end(): void {
    this.#ending.abort();
    this.#tell();
  }

  /** The disk stands still when this resolves. @throws {SnapError} `interrupted` */
  async begin(what: string, signal: AbortSignal): Promise<Standing> {
    this.#what = what;
    try {
      const held = await this.stand.still({ signal });
      return {
        ended: this.#ending.signal,
        [Symbol.dispose]: () => {
          this.#leave();
          held[Symbol.dispose]();
        },
      };
    } catch (error) {
      this.#leave();
      throw error;
    }
  }

  #leave(): void {
    this.#what = undefined;
    this.#tell();
  }

  #tell(): void {
    for (const go of this.#waiting.splice(0)) go();
  }
}

/** A workspace is in the hands of a command. @throws {SnapError} `busy` where it is */
export function refuseOccupied(what: string | undefined, path: string): void {
  if (what === undefined) return;
  throw new SnapError("busy", `"snap ${what}" is at work here`, {
    path,
    hint: "Wait until it has ended, then try again.",
  });
}

/** Nobody can come to a workspace that the sync has not open. */
export function notOpen(path: string): SnapError {
  return new SnapError("not-found", `"${path}" is not open`, { path });
}
