import { describeError } from "../std/error.ts";
import type { Logger } from "../std/log.ts";
import type { StoreFiles } from "./store-files.ts";

/** A file in `wait/` by which a writer tells the holder of the lock that it waits (N30). Locks of earlier programs know nothing of it. */
export class WaitingFile implements AsyncDisposable {
  readonly #files: StoreFiles;
  readonly #name: string;
  readonly #logger: Logger;
  #isThere = false;

  constructor(files: StoreFiles, token: string, logger: Logger) {
    this.#files = files;
    this.#name = `${folder}/${token}`;
    this.#logger = logger;
  }

  /** Never rejects: on a full disk it waits untold. */
  async write(bytes: Uint8Array): Promise<void> {
    this.#isThere = true;
    try {
      await this.#files.put(this.#name, bytes);
    } catch (error) {
      this.#logger.info("cannot tell that a writer waits", { reason: describeError(error) });
    }
  }

  /** Never rejects: one that stays is removed by who sees that its writer is gone. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isThere) return;
    try {
      await this.#files.remove(this.#name);
    } catch (error) {
      this.#logger.error("cannot take back that a writer waits", { reason: describeError(error) });
    }
  }
}

const folder = "wait";

/** Files of writers that wait, or were waiting. */
export async function waitingNames(files: StoreFiles): Promise<readonly string[]> {
  const names = await files.list(folder);
  return names.filter((name) => /^[0-9a-f]{32}$/.test(name)).map((name) => `${folder}/${name}`);
}
