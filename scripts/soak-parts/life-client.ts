import type { ChildProcess } from "node:child_process";
import type { OneFile } from "../../test/crash/one-file.ts";
import type { SyncPlace } from "../../test/crash/sync-deps.ts";
import type { LifeOrder, LifeTold } from "./life-child.ts";

/** Syncs of one process before what it holds is taken for what it needs. */
const warmUpChecks = 3;
const growthMax = 1.1;
/** What a heap gains by chance, between two collections and by compiled code. */
const growthBytesMax = 4 * 1024 * 1024;
const handlesGrowthMax = 1;

export type LifeClientOptions = {
  readonly program: OneFile;
  readonly place: SyncPlace;
  readonly port: number;
};

type Held = Pick<LifeTold, "memoryBytes" | "handles">;

/** One client that lives on, and may be killed and started again. */
export class LifeClient {
  readonly #options: LifeClientOptions;
  #child: ChildProcess | undefined;
  #checks = 0;
  #base: Held | undefined;

  constructor(options: LifeClientOptions) {
    this.#options = options;
  }

  /** @returns undefined where it was killed meanwhile */
  async sync(advanceMs: number): Promise<LifeTold | undefined> {
    const child = this.#started();
    const { promise, resolve, reject } = Promise.withResolvers<LifeTold | undefined>();
    const gone = (code: number | null, signal: string | null): void => {
      if (this.#child === child) this.#child = undefined;
      if (signal === "SIGKILL") resolve(undefined);
      else reject(new Error(`A client ended with ${signal ?? code}`));
    };
    child.once("message", (told: LifeTold) => resolve(told));
    child.once("exit", gone);
    const { place, port } = this.#options;
    child.send({ place, port, advanceMs } satisfies LifeOrder, (error) => {
      if (error !== null && child.connected) reject(error);
    });
    try {
      return await promise;
    } finally {
      child.removeAllListeners("message").off("exit", gone);
    }
  }

  /** What a quiet client holds: whether it has grown since it was young. @returns what is wrong */
  check({ memoryBytes, handles }: LifeTold): string | undefined {
    this.#checks += 1;
    if (this.#checks <= warmUpChecks || this.#base === undefined) {
      this.#base = { memoryBytes, handles };
      return undefined;
    }
    const { memoryBytes: before, handles: opened } = this.#base;
    if (handles > opened + handlesGrowthMax) return `open files grew from ${opened} to ${handles}`;
    const isMore = memoryBytes > before * growthMax && memoryBytes > before + growthBytesMax;
    return isMore ? `memory grew from ${before} to ${memoryBytes} bytes` : undefined;
  }

  /** SIGKILL; the next sync starts it again. */
  kill(): void {
    this.#child?.kill("SIGKILL");
    this.#child = undefined;
    this.#checks = 0;
  }

  #started(): ChildProcess {
    this.#child ??= this.#options.program.start(["--expose-gc"]);
    return this.#child;
  }
}
