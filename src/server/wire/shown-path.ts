/** Longer parts of a path are none of the API's names, so they may be secrets: a token put where a route belongs. */
const partLengthMax = 40;

/** No name of a route has that many parts. */
const partsMax = 8;

/**
 * A request's path as logs and refusals show it, without what lets somebody in: tokens (`sl.…`), and the secret part of
 * a temporary link (V78). What is long or deep is cut, and no route is either.
 */
export function shownPath(path: string): string {
  const known = path
    .replace(/(cd\/0\/get\/|apitul\/1\/)[^/]+/g, "$1…")
    .replace(/(?:s|%73)(?:l|%6c)(?:\.|%2e)[^/]*/gi, "sl.…");
  const parts = known.split("/");
  const shown = parts.slice(0, partsMax).map(cut);
  return [...shown, ...(parts.length > partsMax ? ["…"] : [])].join("/");
}

function cut(part: string): string {
  return part.length > partLengthMax ? `${part.slice(0, 4)}…` : part;
}
