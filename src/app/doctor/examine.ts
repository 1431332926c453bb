import { SnapError, throwIfAborted } from "../../std/error.ts";
import type { Config } from "../../state/config.ts";
import type { Environment } from "../environment.ts";
import { isLinked } from "../find-workspace.ts";
import {
  checkAutostart,
  checkBackground,
  type Background,
  type StartsItself,
} from "./background.ts";
import { checked, problem, type Check } from "./check.ts";
import { checkHome, checkSettings } from "./home.ts";
import { checkInotify } from "./inotify.ts";
import { checkAccount, noLogin, type Asking } from "./login.ts";
import { checkProxy } from "./proxy.ts";
import { checkStore } from "./store.ts";
import { checkWorkspace } from "./workspace.ts";

/** What is looked at from outside this module. */
export type Examined = Asking & {
  /** The daemon's word; undefined where none answers. @throws {SnapError} `refused` where the way to it is not safe (X19) */
  readonly background: () => Promise<Background | undefined>;
  readonly autostart: () => Promise<StartsItself>;
  /** The folder with the system's limits. */
  readonly limits: string;
};

/**
 * Look at everything that a sync needs, one thing after the other (T49). Nothing is changed; what fails is a problem of its own,
 * and the look goes on.
 *
 * @throws {SnapError} `interrupted`
 */
export async function* examine(
  environment: Environment,
  examined: Examined,
): AsyncGenerator<Check, void, undefined> {
  for await (const check of checks(environment, examined)) {
    throwIfAborted(examined.signal);
    yield check;
  }
}

async function* checks(
  environment: Environment,
  examined: Examined,
): AsyncGenerator<Check, void, undefined> {
  const settings = await checked("settings", () => checkSettings(environment));
  yield settings;
  const config = settings.state === "ok" ? environment.settings.read() : undefined;
  const folders = config?.workspaces.map(({ path }) => path) ?? [];
  yield await checked("home", () => checkHome(environment, folders));
  // Without settings it is not known whose login it is, nor which workspaces there are.
  if (config === undefined) return;
  if (config.accounts.some(({ kind, server }) => kind !== "local" && server === undefined))
    yield checkProxy(environment);
  yield* checkLogins(environment, config, examined);
  yield await checked("store", () => checkStore(environment));
  const records = config.workspaces.filter(isLinked);
  const { check, background } = await askBackground(environment, examined, records.length > 0);
  yield check;
  yield await checked("autostart", async () => checkAutostart(await examined.autostart()));
  const { limits } = examined;
  yield await checked("inotify", () => checkInotify(environment, { records, background, limits }));
  for (const record of records) {
    for await (const own of checkWorkspace(environment, record, background)) {
      yield { ...own, workspace: record.path };
    }
  }
}

/** Every account that is logged in, and those that a link names and nobody is logged in to. */
async function* checkLogins(
  environment: Environment,
  { accounts, workspaces }: Config,
  asking: Asking,
): AsyncGenerator<Check, void, undefined> {
  if (accounts.length === 0) yield noLogin();
  for (const account of accounts) {
    try {
      yield* await checkAccount(environment, account, asking);
    } catch (error) {
      if (!(error instanceof SnapError) || error.code === "interrupted") throw error;
      yield problem("login", error);
    }
  }
  if (accounts.length === 0) return;
  for (const { account, path } of workspaces) {
    if (account === undefined || accounts.some(({ id }) => id === account)) continue;
    const message = `Nobody is logged in to the account of "${path}" (${account})`;
    const error = new SnapError("not-logged-in", message, { hint: "Run `snap login` for it." });
    yield { ...problem("login", error), workspace: path };
  }
}

type Asked = { readonly check: Check; readonly background: Background | undefined };

async function askBackground(
  environment: Environment,
  examined: Examined,
  isNeeded: boolean,
): Promise<Asked> {
  let background: Background | undefined;
  const check = await checked("background", async () => {
    background = await examined.background();
    return checkBackground(environment, background, isNeeded);
  });
  return { check, background };
}
