import { constants } from "node:fs";
import { mkdir, open } from "node:fs/promises";
import { dirname } from "node:path";
import { systemCode } from "../std/error.ts";

/** Makes folders so that a power cut does not take them away. Paths are absolute. */
export class DurableFolders {
  /** Known to be there, and durably so. */
  readonly #known = new Set<string>();
  /** Folders that were flushed: what a process that was killed has made in them is durable since. */
  readonly #flushed = new Set<string>();

  /** Make a folder, and those above it that are missing. */
  async make(place: string): Promise<void> {
    if (this.#known.has(place)) return;
    const made = await makeOne(place).catch(async (error: unknown) => {
      if (systemCode(error) !== "ENOENT") throw error;
      await this.make(dirname(place));
      return await makeOne(place);
    });
    await this.#flushAbove(place, made);
    this.#known.add(place);
  }

  forget(place: string): void {
    this.#known.delete(place);
  }

  /** One that is there may be the work of a process that was killed before it was durable. */
  async #flushAbove(place: string, made: "new" | "there"): Promise<void> {
    const above = dirname(place);
    if (made === "there" && this.#flushed.has(above)) return;
    try {
      await flushFolder(above);
    } catch (error) {
      // One that may be walked and not read, with a folder in it that somebody gave us.
      if (made === "new" || systemCode(error) !== "EACCES") throw error;
    }
    this.#flushed.add(above);
  }
}

/** Make durable which names are in a folder. */
export async function flushFolder(place: string): Promise<void> {
  await using folder = await open(place, constants.O_RDONLY | constants.O_DIRECTORY);
  await folder.sync();
}

async function makeOne(place: string): Promise<"new" | "there"> {
  try {
    await mkdir(place, { mode: 0o700 });
    return "new";
  } catch (error) {
    if (systemCode(error) === "EEXIST") return "there";
    throw error;
  }
}
