import { systemCode } from "../std/error.ts";
import type { Bytes } from "./read-only.ts";
import type { UnitFileEntry, UnitFileWriter, UnitPlainEntry, UnitSink } from "../core/repo/unit.ts";

/** More is not copied to be checked: what was captured of a greater repository is `unverified`. */
const stageBytesMax = 1024 * 1024 * 1024;

const noRoom: ReadonlySet<string> = new Set(["ENOSPC", "EDQUOT", "EFBIG"]);

/** A second sink for the check. It gives up where there is too much or no room, and the capture goes on without. */
export class Stage implements UnitSink {
  readonly #folder: UnitSink;
  readonly #clear: () => Promise<void>;
  #bytes = 0;
  #isFull = false;

  /** @param clear frees what was written */
  constructor(folder: UnitSink, clear: () => Promise<void>) {
    this.#folder = folder;
    this.#clear = clear;
  }

  /** It lacks something: nothing can be told from it. */
  get isFull(): boolean {
    return this.#isFull;
  }

  async file(entry: UnitFileEntry): Promise<UnitFileWriter> {
    this.#bytes += entry.size;
    if (this.#bytes > stageBytesMax) await this.#giveUp();
    const writer = await this.#attempt(() => this.#folder.file(entry));
    return {
      write: (piece) => this.#attempt(async () => await writer?.write(piece)),
      // What is open is closed in any case.
      done: async () =>
        await (this.#isFull ? writer?.drop() : this.#attempt(async () => await writer?.done())),
      drop: async () => {
        this.#bytes -= entry.size;
        await writer?.drop();
      },
    };
  }

  async plain(entry: UnitPlainEntry): Promise<void> {
    await this.#attempt(() => this.#folder.plain(entry));
  }

  async remove(path: Bytes): Promise<void> {
    await this.#attempt(() => this.#folder.remove(path));
  }

  async #attempt<T>(act: () => Promise<T>): Promise<T | undefined> {
    if (this.#isFull) return undefined;
    try {
      return await act();
    } catch (error) {
      if (!noRoom.has(systemCode(error) ?? "")) throw error;
      await this.#giveUp();
      return undefined;
    }
  }

  async #giveUp(): Promise<void> {
    this.#isFull = true;
    await this.#clear();
  }
}

/** A sink that hands everything to two. */
export function bothSinks(first: UnitSink, second: UnitSink): UnitSink {
  return {
    file: async (entry) => {
      const writers = [await first.file(entry), await second.file(entry)];
      const all = async (act: (writer: UnitFileWriter) => Promise<void>): Promise<void> => {
        for (const writer of writers) await act(writer);
      };
      return {
        write: async (piece) => await all((writer) => writer.write(piece)),
        done: async () => await all((writer) => writer.done()),
        drop: async () => await all((writer) => writer.drop()),
      };
    },
    plain: async (entry) => {
      await first.plain(entry);
      await second.plain(entry);
    },
    remove: async (path) => {
      await first.remove(path);
      await second.remove(path);
    },
  };
}
