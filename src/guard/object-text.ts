/** Readers of what Git's objects hold. Each takes the bytes of one object; undefined is what no object of Git's would hold. */

/** What a commit leads to. */
export type CommitLinks = { readonly tree: string; readonly parents: readonly string[] };

/** One row of a tree object. */
export type TreeRow = {
  /** Octal, as it is written: `100644`, `40000`, … */
  readonly mode: string;
  /** Its name, in the tree's own folder. */
  readonly path: string;
  readonly oid: string;
  /** A `commit` is that of a submodule. */
  readonly type: "blob" | "tree" | "commit";
};

/** What a tag leads to. */
export type TagLink = { readonly oid: string; readonly type: "commit" | "tree" | "blob" | "tag" };

/** The links of a commit: they stand before its first empty line. */
export function parseCommit(content: Buffer): CommitLinks | undefined {
  let tree: string | undefined;
  const parents: string[] = [];
  for (const line of headLines(content)) {
    const [, word, oid] = /^(tree|parent) ([0-9a-f]{64}|[0-9a-f]{40})$/u.exec(line) ?? [];
    if (oid === undefined) break;
    if (word === "tree") tree ??= oid;
    else parents.push(oid);
  }
  return tree === undefined ? undefined : { tree, parents };
}

/** What a tag names. */
export function parseTag(content: Buffer): TagLink | undefined {
  const [first = "", second] = headLines(content);
  const oid = /^object ([0-9a-f]{64}|[0-9a-f]{40})$/u.exec(first)?.[1];
  const type = (["commit", "tree", "blob", "tag"] as const).find(
    (name) => second === `type ${name}`,
  );
  return oid === undefined || type === undefined ? undefined : { oid, type };
}

function headLines(content: Buffer): string[] {
  const end = content.indexOf("\n\n");
  return content.toString("latin1", 0, end < 0 ? undefined : end).split("\n");
}

/** Rows of a tree: mode, space, name, NUL, id. */
export function parseTree(content: Buffer, hashBytes: number): readonly TreeRow[] | undefined {
  const rows: TreeRow[] = [];
  for (let at = 0; at < content.length;) {
    const space = content.indexOf(0x20, at);
    const nul = content.indexOf(0, at);
    const next = nul + 1 + hashBytes;
    if (space < 0 || nul < space + 2 || next > content.length) return undefined;
    const mode = content.toString("latin1", at, space);
    rows.push({
      mode,
      path: content.toString("utf8", space + 1, nul),
      oid: content.toString("hex", nul + 1, next),
      type: typeOf(mode),
    });
    at = next;
  }
  return rows;
}

function typeOf(mode: string): TreeRow["type"] {
  if (mode === "160000") return "commit";
  return mode === "40000" || mode === "040000" ? "tree" : "blob";
}
