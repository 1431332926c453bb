import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { putBack, type Loss, type Moment } from "../support/volatile-disk.ts";
import { ScratchStore } from "./scratch-store.ts";

/** Nothing that was not flushed is left; or all names are, and only content is lost; or the other way round. */
export const losses: readonly Loss[] = [
  { names: "flushed", content: "flushed" },
  { names: "all", content: "flushed" },
  { names: "flushed", content: "all" },
];

/** Nothing that was not flushed is left. */
export const strict: readonly Loss[] = losses.slice(0, 1);

/** A folder of its own, removed at the end. */
export class PowerCuts implements Disposable {
  readonly top: string = mkdtempSync(join(tmpdir(), "snap-power-"));
  #cuts = 0;

  /** The store as the next start of the machine finds it. */
  after(moment: Moment, store: string): ScratchStore {
    rmSync(join(this.top, `cut${this.#cuts}`), { recursive: true, force: true });
    this.#cuts += 1;
    const top = join(this.top, `cut${this.#cuts}`);
    putBack(moment, top);
    // The lock names this process, which lives: that of another boot is broken.
    rmSync(join(top, store, "lock"), { force: true });
    return new ScratchStore(join(top, store));
  }

  [Symbol.dispose](): void {
    rmSync(this.top, { recursive: true, force: true });
  }
}

/** The lock of a process that was killed, as it is seen on the same machine: by its start it is another than this one. */
export function leaveDeadLock(scratch: ScratchStore): void {
  if (!existsSync(join(scratch.top, "lock"))) return;
  const held: unknown = JSON.parse(scratch.read("lock").toString());
  scratch.write("lock", JSON.stringify({ ...Object(held), started: "0" }));
}
