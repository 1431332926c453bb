import { pathKeyOf } from "../../core/path/path-key.ts";
import type { Account } from "../accounts/account.ts";
import type { Place } from "./node.ts";

/**
 * What an app sees of an account (V16): all of it, its home in a team, or the folder `/Apps/<name>` as if that were
 * everything.
 *
 * Places of nodes are always those of the namespace; only what comes in and goes out is relative to the view.
 */
export type View = {
  /** At the end of every rev. */
  readonly namespace: number;
  /** What `ns:<id>` in front of a path reaches; the first one is where the view itself begins. */
  readonly spaces: readonly [Space, ...Space[]];
  /** Names of the folder that is the app's root; none where it is the top. */
  readonly topNames: readonly string[];
  /** Its key; "" for the top. */
  readonly topKey: string;
};

/** A namespace, and the names of the folder that it begins at. */
export type Space = { readonly id: number; readonly names: readonly string[] };

/** Where a full app asks the paths of an account to begin: at home, or at the root of its team. */
export type Beginning = "home" | "root";

/** The view of a full app, or of one with a folder of this name below `/Apps`. */
export function viewOf(namespace: number, appFolder?: string): View {
  const topNames = appFolder === undefined ? [] : ["Apps", appFolder];
  return viewAt([{ id: namespace, names: topNames }], namespace);
}

/** What an app sees of an account: its home, where the home is a folder of a team as well (V16). */
export function accountView(
  { namespace, homeFolder, teamRoot }: Account,
  { appFolder, from }: { readonly appFolder?: string | undefined; readonly from: Beginning },
): View {
  if (homeFolder === undefined) return viewOf(namespace, appFolder);
  const home: Space = { id: namespace, names: [homeFolder] };
  if (appFolder !== undefined) {
    return viewAt([{ id: namespace, names: [homeFolder, "Apps", appFolder] }], namespace);
  }
  if (from === "home" || teamRoot === undefined) return viewAt([home], namespace);
  return viewAt([{ id: teamRoot, names: [] }, home], namespace);
}

function viewAt(spaces: readonly [Space, ...Space[]], namespace: number): View {
  const topNames = spaces[0].names;
  const topKey = topNames.map((name) => `/${pathKeyOf(name)}`).join("");
  return { namespace, spaces, topNames, topKey };
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
