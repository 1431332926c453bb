import { loadDefinition } from "../wire/definition.ts";

/** Paths of upload-style and download-style calls: the ones whose argument fits into the URL (fact sheet 1.2). */
export function contentPaths(): ReadonlySet<string> {
  const { routes } = loadDefinition();
  return new Set(routes.filter(({ style }) => style !== "rpc").map(({ path }) => path));
}

const hostPrefix = /^\/(?:api|content|notify|www)(?=\/)/;

/**
 * Whether pages of other sites may read the answer: only to a content call in the form that is documented for
 * browsers, where token and argument stand in the URL and no preflight is asked for (V77; fact sheet 1.3). An
 * `OPTIONS` is never such a call.
 */
export function isForeignReadable(request: Request, paths: ReadonlySet<string>): boolean {
  if (request.method !== "POST" && request.method !== "GET") return false;
  const { pathname, searchParams } = new URL(request.url);
  if (!paths.has(pathname.replace(hostPrefix, ""))) return false;
  if (searchParams.get("reject_cors_preflight") === "true") return true;
  return /charset\s*=\s*"?dropbox-cors-hack\b/i.test(request.headers.get("content-type") ?? "");
}
