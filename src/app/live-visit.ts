import { Stand } from "../engine/live/stand.ts";
import { SnapError } from "../std/error.ts";

/** One command at a time that reads a workspace beside its sync, which writes nothing to the disk meanwhile (N34). */
export class Visit {
  readonly stand: Stand = new Stand();
  #what: string | undefined;

  /** What is being done; undefined while nobody is there. */
  get what(): string | undefined {
    return this.#what;
  }

  /** The disk stands still when this resolves, until it is disposed of. @throws {SnapError} `interrupted` */
  async begin(what: string, signal: AbortSignal): Promise<Disposable> {
    this.#what = what;
    try {
      const held = await this.stand.still({ signal });
      return {
        [Symbol.dispose]: () => {
          this.#what = undefined;
          held[Symbol.dispose]();
        },
      };
    } catch (error) {
      this.#what = undefined;
      throw error;
    }
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
