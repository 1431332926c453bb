/** What is at each path: "folder", or a file's content hash. */
export type CrashTree = ReadonlyMap<string, string>;

/** Every folder above a path, the top one first. */
function parentsOf(path: string): readonly string[] {
  const names = path.split("/").slice(1, -1);
  return names.map((_, index) => `/${names.slice(0, index + 1).join("/")}`);
}

/** With these files or folders, and their parents. */
export function withItems(tree: CrashTree, items: Iterable<readonly [string, string]>): CrashTree {
  const result = new Map(tree);
  for (const [path, content] of items) {
    for (const parent of parentsOf(path)) result.set(parent, "folder");
    result.set(path, content);
  }
  return result;
}

/** Without these, and what is below them. */
export function withoutItems(tree: CrashTree, paths: readonly string[]): CrashTree {
  return new Map([...tree].filter(([path]) => !paths.some((gone) => isWithin(path, gone))));
}

/** What is at a path and below, as it would be at another one. */
export function itemsAt(tree: CrashTree, from: string, to: string): [string, string][] {
  return [...tree]
    .filter(([path]) => isWithin(path, from))
    .map(([path, content]) => [to + path.slice(from.length), content]);
}

/** The path itself, or one below it. */
export function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}

/** One line a path, in order. */
export function treeText(tree: CrashTree): string {
  return [...tree]
    .map(([path, content]) => `${path} ${content}`)
    .toSorted()
    .join("\n");
}
