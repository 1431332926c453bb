import { loadDefinition } from "./definition.ts";
import type { RouteType } from "./definition.ts";
import { routes } from "./routes.ts";

/** A function of the API that is served, as the definition describes it. */
export type ServedRoute = {
  /** `files/upload`. */
  readonly name: string;
  readonly host: string;
  readonly style: RouteType["style"];
  readonly auth: string;
  readonly scope: string | null;
};

/** Every function that is served, in the order of the definition. */
export function servedRoutes(): readonly ServedRoute[] {
  return loadDefinition().routes.flatMap(({ path, host, style, auth, scope }) => {
    const name = path.slice("/2/".length);
    return Object.hasOwn(routes, name) ? [{ name, host, style, auth, scope }] : [];
  });
}
