import path from "node:path";
import { OneFile } from "./one-file.ts";
import type { SyncOrder, SyncTold } from "./sync-child.ts";

/** One sync in a process of its own. */
export type SyncProcess = {
  /** Resolved when the program is loaded and the sync begins, or when the process is gone. */
  readonly begun: Promise<void>;
  /** How many fault points it passed; undefined when it was killed. Rejects when it ended in any other way. */
  readonly passed: Promise<number | undefined>;
  /** SIGKILL. */
  readonly kill: () => void;
};

/** The program that syncs and is killed. */
export class SyncProgram implements Disposable {
  readonly #program: OneFile;

  private constructor(program: OneFile) {
    this.#program = program;
  }

  static async make(): Promise<SyncProgram> {
    return new SyncProgram(await OneFile.make(path.join(import.meta.dirname, "sync-child.ts")));
  }

  start(order: SyncOrder): SyncProcess {
    const child = this.#program.start();
    const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
    let count: number | undefined;
    child.on("message", ({ passed }: SyncTold) => {
      count = passed;
      begin();
    });
    const passed = new Promise<number | undefined>((resolve, reject) => {
      child.once("error", reject);
      child.once("exit", (code, signal) => {
        begin();
        if (signal === "SIGKILL") resolve(undefined);
        else if (code === 0) resolve(count);
        else reject(new Error(`The process of a sync ended with ${signal ?? code}`));
      });
    });
    child.send(order);
    return { begun, passed, kill: () => void child.kill("SIGKILL") };
  }

  [Symbol.dispose](): void {
    this.#program[Symbol.dispose]();
  }
}
