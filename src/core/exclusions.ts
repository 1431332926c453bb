import { pathKeyOf } from "./path/path-key.ts";
import { comparePaths, pathComponents, type RelPath } from "./path/rel-path.ts";

/** Folders of the server that do not come to this disk (S93); compared as the server compares names (S15). */
export class Exclusions {
  readonly #paths = new Map<string, RelPath>();

  constructor(paths: Iterable<RelPath> = []) {
    for (const path of paths) this.#paths.set(keyOfPath(path), path);
  }

  /** In path order. */
  get paths(): readonly RelPath[] {
    return [...this.#paths.values()].toSorted(comparePaths);
  }

  /** Whether this very path is excluded. */
  has(path: RelPath): boolean {
    return this.#paths.size > 0 && this.#paths.has(keyOfPath(path));
  }

  /** The excluded path at or above a path; undefined where none is. */
  above(path: RelPath): RelPath | undefined {
    return this.#find(pathComponents(path).map(pathKeyOf));
  }

  /** Whether something with these keys lies below an excluded folder. */
  hides(keys: readonly string[]): boolean {
    return this.#find(keys.slice(0, -1)) !== undefined;
  }

  /** These and another one; what lies below it needs no line of its own any more. */
  with(path: RelPath): Exclusions {
    const own = new Exclusions([path]);
    return new Exclusions([...this.paths.filter((other) => own.above(other) === undefined), path]);
  }

  /** These without one. */
  without(path: RelPath): Exclusions {
    const key = keyOfPath(path);
    return new Exclusions(this.paths.filter((other) => keyOfPath(other) !== key));
  }

  /** Those that are not in others. */
  minus(others: Exclusions): readonly RelPath[] {
    return this.paths.filter((path) => !others.has(path));
  }

  #find(keys: readonly string[]): RelPath | undefined {
    if (this.#paths.size === 0) return undefined;
    for (let length = 1; length <= keys.length; length += 1) {
      const found = this.#paths.get(keys.slice(0, length).join("/"));
      if (found !== undefined) return found;
    }
    return undefined;
  }
}

function keyOfPath(path: RelPath): string {
  return pathComponents(path).map(pathKeyOf).join("/");
}
