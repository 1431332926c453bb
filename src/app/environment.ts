/**
 * @module app — the only place where concrete things meet.
 *
 * The environment is what one run of the program sees of the machine: where things live, settings, secrets, time. A
 * workspace puts the adapters of one folder together with the engine, the store and the restore. The functions beside
 * it are the verbs of the program; the command line and other programs call them, and they print nothing.
 */
import os from "node:os";
import { makeCodeFolder } from "../state/code-folder.ts";
import { locate, makeHome, type Locations } from "../state/locations.ts";
import { openSecrets } from "../state/secrets.ts";
import { openSettings, type SettingsFile } from "../state/settings.ts";
import type { SecretStore } from "../ports.ts";
import type { ReachedServer } from "../server/reach.ts";
import { silentLogger, type Logger } from "../std/log.ts";
import { systemRng, type Rng } from "../std/random.ts";
import { systemClock, type Clock } from "../std/time.ts";
import { fetchFor } from "./proxy.ts";
import { Traffic } from "./traffic.ts";
import { programVersion } from "./version.ts";

/** The world of one run. */
export type Environment = {
  /** Absolute; relative paths of the user start here. */
  readonly cwd: string;
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly locations: Locations;
  readonly settings: SettingsFile;
  readonly secrets: SecretStore;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly logger: Logger;
  /** Name of this machine. */
  readonly host: string;
  /** The program may give files to others: it keeps owners and sets them (N38). */
  readonly isRoot: boolean;
  /** Name and version of the program, as written into snapshots and beacons. */
  readonly tool: string;
  /** For Dropbox, by the proxy that the variables name; the embedded account has its own. */
  readonly fetch: typeof fetch;
  /** How fast content may travel, to whichever account. */
  readonly traffic: Traffic;
  /** Whoever may hold workspaces beside this run, and lends them; absent where nobody does. */
  readonly lender?: Lender;
  /** The embedded account where this run serves it already; absent where it is opened or found. */
  readonly embedded?: () => Promise<ReachedServer>;
};

/** A workspace of which no file is written by its sync. */
export interface Stillness extends AsyncDisposable {
  /** Rejects where files may have been written since it began. @throws {SnapError} `busy` */
  confirm(): Promise<void>;
}

/** A process that holds workspaces for long and lends them to who has something to do there. */
export interface Lender {
  /**
   * Have a workspace handed over: its lock is free when this resolves, until the loan is disposed of, or this process ends in
   * any way. Undefined where nothing can be handed over.
   *
   * @param what is being done, for the status meanwhile
   * @throws {SnapError} `busy` where it has another command at work there
   */
  borrow(workspace: string, what: string): Promise<AsyncDisposable | undefined>;
  /** Whether it has a workspace and could lend it now; nothing is asked for. @throws {SnapError} `busy` where it does not answer */
  has(workspace: string): Promise<boolean>;
  /**
   * Have no file of a workspace written by its sync, which goes on otherwise, until this is disposed of, or this process ends (N34).
   * Undefined where nobody is asked.
   *
   * @throws {SnapError} `busy` as `borrow`
   */
  still(workspace: string, what: string): Promise<Stillness | undefined>;
  /**
   * Wait until a workspace is up to date, and nothing of it is left aside (N34).
   *
   * @returns whether it is; undefined where nobody keeps it in sync
   */
  untilClean(workspace: string, waitMs: number): Promise<boolean | undefined>;
}

/** What a caller may set; everything else is the system's. */
export type EnvironmentOptions = Pick<Environment, "variables" | "cwd"> &
  Partial<Pick<Environment, "clock" | "rng" | "logger" | "fetch">>;

/** Find the home of the program and open its settings. Makes the folders, 0700, where they are missing. */
export async function openEnvironment(options: EnvironmentOptions): Promise<Environment> {
  const locations = locate({ SNAP_HOME: options.variables["SNAP_HOME"] });
  makeHome(locations);
  const version = programVersion();
  makeCodeFolder(locations.code, version);
  const rng = options.rng ?? systemRng;
  const host = os.hostname();
  const clock = options.clock ?? systemClock;
  const settings = openSettings(locations.config, { rng, deviceName: host });
  return {
    cwd: options.cwd,
    variables: options.variables,
    locations,
    settings,
    secrets: openSecrets(locations.secrets),
    clock,
    rng,
    logger: options.logger ?? silentLogger,
    host,
    isRoot: process.geteuid?.() === 0,
    tool: `snap ${version}`,
    fetch: options.fetch ?? fetchFor(options.variables),
    traffic: new Traffic({ settings, clock }),
  };
}
