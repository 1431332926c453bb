import { pathKeyOf } from "../../core/path/path-key.ts";
import type { Place } from "./node.ts";

/**
 * What an app sees of a namespace (V16): all of it, or the folder `/Apps/<name>` as if that were everything.
 *
 * Places of nodes are always those of the namespace; only what comes in and goes out is relative to the view.
 */
export type View = {
  readonly namespace: number;
  /** Names of the folder that is the app's root; none for a full app. */
  readonly topNames: readonly string[];
  /** Its key; "" for a full app. */
  readonly topKey: string;
};

/** The view of a full app, or of one with a folder of this name below `/Apps`. */
export function viewOf(namespace: number, appFolder?: string): View {
  const topNames = appFolder === undefined ? [] : ["Apps", appFolder];
  return { namespace, topNames, topKey: topNames.map((name) => `/${pathKeyOf(name)}`).join("") };
}

/** Whether an app may see what is at a key; its own root has no entry. */
export function isSeen(key: string, { topKey }: View): boolean {
  return key.startsWith(`${topKey}/`);
}

/** A place as the app sees it. */
export function shownPlace({ key, display }: Place, { topNames }: View): Place {
  return { key: below(key, topNames.length), display: below(display, topNames.length) };
}

/** A path without its first names. */
function below(path: string, names: number): string {
  let start = 0;
  for (let passed = 0; passed < names; passed += 1) {
    start = path.indexOf("/", start + 1);
    if (start < 0) return "";
  }
  return path.slice(start);
}
