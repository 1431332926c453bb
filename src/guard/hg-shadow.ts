import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, sep } from "node:path";
import { inside, readStart, type Bytes } from "./read-only.ts";
import { runProgram, type ProgramEnd } from "./run-program.ts";
import { makeShadowFolder } from "./shadow-folder.ts";
import type { ShadowOptions } from "./shadow-git.ts";
import { Unproven } from "./unproven.ts";

/** A repository of Mercurial's. */
export type HgPlaces = {
  /** The `.hg`. */
  readonly folder: Bytes;
  /** Its store, which is elsewhere for a share. */
  readonly store: Bytes;
};

/** A repository of ours in which `hg` is run. Removed when it is disposed of. */
export interface HgShadow extends Disposable {
  /** Absolute path of its `.hg`; there is nothing in it. */
  readonly folder: string;
  run(words: readonly string[], bounds: HgBounds): Promise<ProgramEnd>;
}

/** Of one run. */
type HgBounds = {
  /** Of its output. */
  readonly bytesMax: number;
  /** ms since 1970. */
  readonly deadline: number;
};

/**
 * Make a place in which `hg` may be run: like Git it never runs in the repository (G33, G35). Its caches are ours, and it has no
 * configuration at all, so that no extension is loaded (G5).
 *
 * @param hg absolute path of the program
 * @throws {Unproven} where it would lie in the repository
 */
export function openHgShadow(
  hg: string,
  { folder, store }: HgPlaces,
  { tmp, clock, signal }: ShadowOptions,
): HgShadow {
  const shadow = makeShadowFolder(tmp, { gitdir: folder, common: store });
  const cwd = join(shadow, "repo");
  const own = join(cwd, ".hg");
  mkdirSync(own, { recursive: true });
  const env = hgEnvironment(hg, shadow);
  return {
    folder: own,
    run: (words, bounds) => runProgram({ file: hg, words, env, cwd, clock, signal, ...bounds }),
    [Symbol.dispose]: () => rmSync(shadow, { recursive: true, force: true }),
  };
}

/** Act, and tell the reason where something cannot be proven (G36). */
export async function orReason<T>(
  act: () => Promise<T>,
  otherwise: (reason: string) => T,
): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof Unproven) return otherwise(error.reason);
    throw error;
  }
}

const textBytesMax = 64 * 1024;

/** How a repository is stored: its own requirements and those of its store. */
export function requirementsOf({ folder, store }: HgPlaces): string[] {
  return [folder, store]
    .flatMap((place) => readStart(inside(place, "requires"), textBytesMax)?.split("\n") ?? [])
    .filter((one) => one !== "");
}

/** Say how a shadow is stored. */
export function writeRequirements(folder: string, requirements: Iterable<string>): void {
  const all = [...new Set(requirements)].toSorted();
  writeFileSync(join(folder, "requires"), `${all.join("\n")}\n`);
}

/** The whole environment. The program is a script: it needs the interpreter from where the system has it. */
function hgEnvironment(hg: string, home: string): Readonly<Record<string, string>> {
  return {
    PATH: [dirname(hg), `${sep}usr${sep}bin`, `${sep}bin`].join(":"),
    HOME: home,
    XDG_CONFIG_HOME: home,
    TMPDIR: home,
    LC_ALL: "C",
    HGRCSKIPREPO: "1",
    HGRCPATH: "",
    HGPLAIN: "1",
    HGENCODING: "utf-8",
    PYTHONDONTWRITEBYTECODE: "1",
  };
}
