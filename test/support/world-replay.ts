import type { LogRow } from "../../src/core/tree/index-rows.ts";
import { leftoverOutcome } from "../../src/engine/execute/op-log.ts";

/** A tree as `WorldDisk.tree` and `WorldCloud.tree` give it: path → content hash, "" for a folder. */
export type Picture = ReadonlyMap<string, string>;

/** One line of the op log, read back. */
type Line = {
  readonly kind: string;
  readonly path: string;
  /** Where a moved node was. */
  readonly from: string | undefined;
  readonly after: string;
};

/** What a side holds after the ops that the log calls done, oldest first (P10). */
export function replay(side: "local" | "remote", before: Picture, log: readonly LogRow[]): Picture {
  const tree = new Replayed(before);
  for (const row of log) {
    if (!row.kind.startsWith(side === "local" ? "L." : "R.")) continue;
    if (row.outcome === "done") tree.apply(lineOf(row));
    if (row.outcome === leftoverOutcome) tree.stay(row.path);
  }
  return tree.picture();
}

const form = /^(?:(.*) )??(folder|([0-9a-f]{64}|unread) \d+)?$/s;

function lineOf({ kind, path, before, after }: LogRow): Line {
  const from = form.exec(before)?.[1];
  return { kind, path, from, after: form.exec(after)?.[3] ?? "" };
}

type Subtree = readonly (readonly [string, string])[];

class Replayed {
  readonly #tree: Map<string, string>;

  constructor(before: Picture) {
    this.#tree = new Map(before);
  }

  picture(): Picture {
    return new Map([...this.#tree].toSorted(([a], [b]) => (a < b ? -1 : 1)));
  }

  apply(line: Line): void {
    const { kind, path } = line;
    if (/mkdir$|put$/.test(kind)) this.#tree.set(path, line.after);
    if (/trash$|delete$|deleteDir$/.test(kind)) this.#take(path);
    if (/move$|aside$/.test(kind)) this.#move(line);
  }

  /** A folder that was to go stays with what is in it, and the folders on the way there. */
  stay(path: string): void {
    const below = [...this.#tree].filter(([name]) => `${name}/`.startsWith(`${path}/`));
    const isKept = (folder: string): boolean =>
      [...this.#tree].some(([name, content]) => content !== "" && name.startsWith(`${folder}/`));
    for (const [name, content] of below) {
      if (content === "" && !isKept(name)) this.#tree.delete(name);
    }
  }

  #move({ path, from }: Line): void {
    if (from === undefined) throw new Error(`The log does not say where "${path}" came from`);
    for (const [below, content] of this.#take(from)) this.#tree.set(path + below, content);
  }

  /** Removes a place with everything below it, and says what that was; the place itself first. */
  #take(path: string): Subtree {
    const taken = [...this.#tree]
      .filter(([name]) => name === path || name.startsWith(`${path}/`))
      .toSorted(([a], [b]) => (a < b ? -1 : 1));
    for (const [name] of taken) this.#tree.delete(name);
    return taken.map(([name, content]) => [name.slice(path.length), content] as const);
  }
}
