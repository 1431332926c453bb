import { fork, type ChildProcess } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { rolldown } from "rolldown";

/**
 * A program as one file whose compiled form is kept, for many processes of it: one of three hundred modules needs twice
 * the time of the processor to start.
 */
export class OneFile implements Disposable {
  readonly #folder: string = fs.mkdtempSync(path.join(os.tmpdir(), "snap-one-file-"));

  private constructor() {}

  /** @param entry absolute path of the program's first module */
  static async make(entry: string): Promise<OneFile> {
    const made = new OneFile();
    const bundle = await rolldown({ input: entry, platform: "node", logLevel: "silent" });
    await bundle.write({ file: made.#file, format: "esm", codeSplitting: false });
    await bundle.close();
    return made;
  }

  get #file(): string {
    return path.join(this.#folder, "program.mjs");
  }

  /** Start a process with a channel. */
  start(execArgv: readonly string[] = []): ChildProcess {
    return fork(this.#file, {
      stdio: ["ignore", "inherit", "inherit", "ipc"],
      execArgv: [...execArgv],
      env: { ...process.env, NODE_COMPILE_CACHE: path.join(this.#folder, "compiled") },
    });
  }

  [Symbol.dispose](): void {
    fs.rmSync(this.#folder, { recursive: true, force: true });
  }
}
