import { join, resolve } from "node:path";
import envPaths from "env-paths";
import { makePrivateFolder } from "./private-file.ts";

/** Where things live on this machine, as absolute paths. */
export type Locations = {
  readonly home: string;
  /** The file of settings, accounts and workspaces. */
  readonly config: string;
  /** Tokens (X14). */
  readonly secrets: string;
  /** One folder for each workspace: see `workspaceFiles`. */
  readonly workspaces: string;
  /** The snapshot store, where the settings name no other. */
  readonly store: string;
  readonly log: string;
  /** The socket and the locks of the daemon (X19). */
  readonly run: string;
  /** The embedded account. */
  readonly server: string;
  /** Compiled code of the program; it may be removed at any time. */
  readonly code: string;
};

/** The files that belong to one workspace. */
export type WorkspaceFiles = {
  readonly folder: string;
  readonly index: string;
  /** What captures have read (N35); it may be removed at any time. */
  readonly contents: string;
  readonly lock: string;
};

/** `SNAP_HOME` names one folder for everything; without it, the places that the platform means for such things. */
export function locate(environment: { readonly SNAP_HOME?: string | undefined }): Locations {
  const named = environment.SNAP_HOME;
  if (named !== undefined && named !== "") {
    const home = resolve(named);
    return inside(home, { config: home, log: join(home, "log") });
  }
  const places = envPaths("snap", { suffix: "" });
  return inside(places.data, places);
}

function inside(
  home: string,
  places: { readonly config: string; readonly log: string },
): Locations {
  return {
    home,
    config: join(places.config, "config.json"),
    secrets: join(home, "secrets"),
    workspaces: join(home, "workspaces"),
    store: join(home, "store"),
    log: places.log,
    run: join(home, "run"),
    server: join(home, "server"),
    code: join(home, "code"),
  };
}

/** Make what every command needs: the home, the folders of the settings and the log, and those of secrets and workspaces. */
export function makeHome(locations: Locations): void {
  const { home, config, secrets, workspaces, log } = locations;
  for (const folder of [home, resolve(config, ".."), secrets, workspaces, log]) {
    makePrivateFolder(folder);
  }
}

/** Where the files of one workspace are; nothing is made. */
export function workspaceFiles(locations: Locations, workspace: string): WorkspaceFiles {
  const folder = join(locations.workspaces, workspace);
  return {
    folder,
    index: join(folder, "index.db"),
    contents: join(folder, "contents.db"),
    lock: join(folder, "lock"),
  };
}
