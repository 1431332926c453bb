import { nameProblem } from "../path/names.ts";

/**
 * What a name in an archive stands for: a path from the top, or why it is refused (X1, X6, X12). `./` before it and `/` behind it are
 * what tar itself writes and mean nothing; nothing else is repaired. "" is the top.
 */
export type ImportName =
  | { readonly path: string; readonly refused?: undefined }
  | { readonly path?: undefined; readonly refused: string };

/** Read a name of an archive, in a manifest of one, or the target of a hard link. */
export function importName(bytes: Buffer): ImportName {
  const text = bytes.toString();
  if (!Buffer.from(text).equals(bytes)) return { refused: "its name is not valid UTF-8" };
  if (text.startsWith("/")) return { refused: "its name is absolute" };
  if (/^[A-Za-z]:/u.test(text)) return { refused: "its name has a drive letter" };
  const path = text.replace(/^(?:\.\/+)+/u, "").replace(/\/+$/u, "");
  if (path === "" || path === ".") return { path: "" };
  for (const name of path.split("/")) {
    const problem = nameProblem(name);
    if (problem !== undefined) return { refused: `a part of its name ${problem}` };
    if (isOurs(name)) return { refused: `"${name}" is the program's own name` };
  }
  return { path };
}

function isOurs(name: string): boolean {
  const lower = name.toLowerCase();
  return lower === ".snap" || lower.startsWith(".snap-tmp-");
}
