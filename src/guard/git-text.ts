/** Readers of Git's plain-text files (G30). Each takes text and says what it means; none follows anything. */

const oidForm = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/u;

/** What `HEAD` points to. */
export type HeadText =
  | { readonly kind: "ref"; readonly ref: string }
  | { readonly kind: "oid"; readonly oid: string };

/** undefined where the text is no `HEAD` (gitrepository-layout(5)). */
export function parseHead(text: string): HeadText | undefined {
  const line = text.split("\n", 1)[0]?.trim() ?? "";
  const ref = /^ref:\s*(refs\/\S.*)$/u.exec(line)?.[1];
  if (ref !== undefined) return { kind: "ref", ref };
  return oidForm.test(line) ? { kind: "oid", oid: line } : undefined;
}

/** The object id that a loose ref holds; undefined for anything else. */
export function parseLooseRef(text: string): string | undefined {
  const line = text.trim();
  return oidForm.test(line) ? line : undefined;
}

/** Refs by name from `packed-refs`; comments and peeled tags are passed over. */
export function parsePackedRefs(text: string): Map<string, string> {
  const refs = new Map<string, string>();
  for (const line of text.split("\n")) {
    const [oid = "", name] = line.trimEnd().split(" ", 2);
    if (name !== undefined && oidForm.test(oid)) refs.set(name, oid);
  }
  return refs;
}

/** The path in a `.git` file: `gitdir: P`. */
export function parseGitdirFile(text: string): string | undefined {
  const path = /^gitdir:[ \t]*(.+?)\r?\n*$/su.exec(text)?.[1]?.trimEnd();
  return path === undefined || path === "" || path.includes("\n") ? undefined : path;
}

/** Entries of a reflog: one a line. */
export function countReflog(text: string): number {
  return text.split("\n").filter((line) => line !== "").length;
}
