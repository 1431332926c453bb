import fs from "node:fs";
import path from "node:path";
import { systemCode } from "../../src/std/error.ts";
import { contentHashOf } from "../../src/core/tree/content-hash.ts";
import type { Dice } from "../../test/support/sim/dice.ts";
import type { Contents } from "../../test/support/world-contents.ts";
import type { Tokens } from "./tokens.ts";

/** Who works where, and with what chance. */
export type DiskWriterOptions = {
  readonly top: string;
  /** On the same disk, beside the workspace: what is taken away goes here. */
  readonly outside: string;
  readonly contents: Contents;
  readonly tokens: Tokens;
  readonly dice: Dice;
};

/**
 * A user at a workspace in which other programs work at the same moment: what it gives up is always what it really took
 * away, never what it believed to be there.
 */
export class DiskWriter {
  readonly #options: DiskWriterOptions;

  constructor(options: DiskWriterOptions) {
    this.#options = options;
    fs.mkdirSync(options.outside, { recursive: true });
  }

  /** One act, or the attempt at one. @returns what was done, for the log */
  act(): string {
    try {
      return this.#options.dice.pick(this.#acts)();
    } catch (error) {
      // Somebody else was quicker.
      if (["ENOENT", "EEXIST", "ENOTDIR", "EISDIR"].includes(systemCode(error) ?? "")) return "";
      throw error;
    }
  }

  readonly #acts: readonly (() => string)[] = [
    () => this.#edit(),
    () => this.#edit(),
    () => this.#create(),
    () => this.#create(),
    () => this.#move(),
    () => this.#remove(),
    () => this.#remove(),
    () => this.#saveByRename(),
    () => this.#makeFolder(),
  ];

  /** A new file of its own. */
  #create(): string {
    const { tokens, contents, top } = this.#options;
    const file = path.join(this.#folder(), `l${tokens.count}`);
    const bytes = tokens.next();
    fs.writeFileSync(path.join(top, file), bytes, { flag: "wx" });
    contents.wrote(`local ${file}`, bytes, undefined);
    return `write ${file}`;
  }

  /** In place, as an editor does that keeps its file open. */
  #edit(): string {
    const file = this.#file();
    if (file === undefined) return "";
    const { tokens, contents, top } = this.#options;
    const handle = fs.openSync(path.join(top, file), "r+");
    try {
      const before = contentHashOf(fs.readFileSync(handle));
      const bytes = tokens.next();
      fs.ftruncateSync(handle, 0);
      fs.writeSync(handle, bytes, 0, bytes.length, 0);
      contents.wrote(`local ${file}`, bytes, before);
    } finally {
      fs.closeSync(handle);
    }
    return `edit ${file}`;
  }

  /** The old file is taken away, and a new one put in its place if nobody else has. */
  #saveByRename(): string {
    const file = this.#file();
    if (file === undefined) return "";
    const { tokens, contents, top, outside } = this.#options;
    const made = path.join(outside, `new${tokens.count}`);
    const bytes = tokens.next();
    fs.writeFileSync(made, bytes);
    this.#takeAway(file);
    try {
      fs.linkSync(made, path.join(top, file));
      contents.wrote(`local ${file}`, bytes, undefined);
    } finally {
      fs.rmSync(made);
    }
    return `save ${file}`;
  }

  #remove(): string {
    const file = this.#file();
    if (file === undefined) return "";
    this.#takeAway(file);
    return `remove ${file}`;
  }

  #takeAway(file: string): void {
    const { contents, top, outside } = this.#options;
    const taken = path.join(outside, "taken");
    fs.renameSync(path.join(top, file), taken);
    contents.acted();
    contents.gaveUp(contentHashOf(fs.readFileSync(taken)));
    fs.rmSync(taken);
  }

  /** A file or a folder, to a name that nobody has. */
  #move(): string {
    const { tokens, contents, top, dice } = this.#options;
    const from = dice.chance(0.3) ? this.#folder() : this.#file();
    if (from === undefined || from === "") return "";
    const into = path.join(this.#folder(), `lm${tokens.name()}`);
    if (into.startsWith(`${from}/`)) return "";
    fs.renameSync(path.join(top, from), path.join(top, into));
    contents.acted();
    return `move ${from} -> ${into}`;
  }

  #makeFolder(): string {
    const { tokens, contents, top } = this.#options;
    const folder = path.join(this.#folder(), `ld${tokens.name()}`);
    fs.mkdirSync(path.join(top, folder));
    contents.acted();
    return `mkdir ${folder}`;
  }

  /** A folder, "" for the workspace. */
  #folder(): string {
    let at = "";
    while (this.#options.dice.chance(0.6)) {
      const below = this.#below(at).filter((entry) => entry.isDirectory());
      if (below.length === 0) return at;
      at = path.join(at, this.#options.dice.pick(below).name);
    }
    return at;
  }

  #file(): string | undefined {
    const folder = this.#folder();
    const files = this.#below(folder).filter((entry) => entry.isFile());
    return files.length === 0 ? undefined : path.join(folder, this.#options.dice.pick(files).name);
  }

  #below(folder: string): fs.Dirent[] {
    return fs
      .readdirSync(path.join(this.#options.top, folder), { withFileTypes: true })
      .filter(({ name }) => !name.startsWith(".snap"));
  }
}
