/**
 * @module daemon — workspaces that are always in sync, in the background.
 *
 * `snap start` makes a supervisor, a small process that starts the worker and starts it again after a crash. The worker holds
 * every linked workspace (`Daemon`) and serves the control API on a socket (`control-api`). Commands find it by `client`, and borrow
 * from it what they need to hold themselves (`lender`). Nothing here decides about a file.
 */
import type { Environment } from "../app/environment.ts";
import { isLinked, type LinkedRecord } from "../app/find-workspace.ts";
import { LiveWorkspace, type OpenSession } from "../app/live.ts";
import type { Standing } from "../app/live-visit.ts";
import { setPaused } from "../app/pause.ts";
import { programVersion } from "../app/version.ts";
import { describeError, SnapError } from "../std/error.ts";
import type { Activity } from "../core/live/live-status.ts";
import type { Controlled } from "./control-api.ts";
import type { DaemonEvent, DaemonStatus } from "./wire.ts";

/** What a daemon is made of. */
export type DaemonOptions = {
  readonly environment: Environment;
  readonly openSession: OpenSession;
  /** Of the process that watches over this one. */
  readonly supervisor: number | undefined;
  /** Somebody asked for the end over the socket. */
  readonly onStop: () => void;
};

/** Time between two events about the status of one workspace, ms: progress changes with every file. */
const statusEventMs = 200;

/** All linked workspaces of one home, each by itself: what one meets does not stop another. */
export class Daemon implements Controlled, AsyncDisposable {
  readonly #options: DaemonOptions;
  readonly #startedAt: number;
  readonly #workspaces = new Map<string, LiveWorkspace>();
  /** What each was opened with, as text. */
  readonly #bases = new Map<string, string>();
  readonly #listeners = new Set<(event: DaemonEvent) => void>();
  /** Workspaces whose change is told a moment later, together with what changes meanwhile. */
  readonly #toTell = new Set<string>();
  readonly #ended = new AbortController();
  #isStopping = false;
  #reloading: Promise<void> = Promise.resolve();

  constructor(options: DaemonOptions) {
    this.#options = options;
    this.#startedAt = options.environment.clock.now();
  }

  status(): DaemonStatus {
    const { supervisor } = this.#options;
    return {
      v: 1,
      pid: process.pid,
      ...(supervisor === undefined ? {} : { supervisor }),
      startedAt: this.#startedAt,
      version: programVersion(),
      ...(this.#isStopping ? { isStopping: true } : {}),
      workspaces: Array.from(this.#workspaces.values(), (workspace) => workspace.status()),
    };
  }

  subscribe(listener: (event: DaemonEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  stop(): void {
    this.#isStopping = true;
    this.#options.onStop();
  }

  /** One after the other. @throws {SnapError} `settings-invalid` and the like; then everything goes on as it was */
  reload(): Promise<void> {
    const next = this.#reloading.then(() => this.#reload());
    this.#reloading = next.catch(() => undefined);
    return next;
  }

  async pause(request: { readonly workspace?: string; readonly reason?: string }): Promise<void> {
    const { environment } = this.#options;
    const { workspace, reason } = request;
    if (workspace !== undefined) this.#find(workspace);
    const at = environment.clock.now();
    const paused = reason === undefined ? { at } : { at, reason };
    setPaused(environment, { workspace, paused });
    await this.reload();
  }

  async resume({ workspace }: { readonly workspace?: string }): Promise<void> {
    if (workspace !== undefined) this.#find(workspace);
    setPaused(this.#options.environment, { workspace, paused: undefined });
    await this.reload();
    // What waits after trouble is tried now: somebody has done something about it.
    for (const [id, each] of this.#workspaces) {
      if (workspace === undefined || id === workspace) each.nudge();
    }
  }

  nudge(workspace: string): void {
    this.#find(workspace).nudge();
  }

  async lend(
    workspace: string,
    { what, signal }: { readonly what: string; readonly signal: AbortSignal },
  ): Promise<AsyncDisposable> {
    const loan = await this.#find(workspace).lend(what, signal);
    return {
      [Symbol.asyncDispose]: async () => {
        // The borrower may have changed the link itself: that is known before it is synced again.
        await this.reload().catch((error: unknown) => this.#complain(error));
        await loan[Symbol.asyncDispose]();
      },
    };
  }

  still(
    workspace: string,
    { what, signal }: { readonly what: string; readonly signal: AbortSignal },
  ): Promise<Standing> {
    return this.#find(workspace).still(what, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isStopping = true;
    this.#ended.abort();
    await this.#reloading;
    await Promise.all(Array.from(this.#workspaces.values(), (each) => each[Symbol.asyncDispose]()));
  }

  #complain(error: unknown): void {
    const reason = describeError(error);
    this.#options.environment.logger.error("the settings were not read", { reason });
  }

  #find(id: string): LiveWorkspace {
    const workspace = this.#workspaces.get(id);
    if (workspace !== undefined) return workspace;
    throw new SnapError("not-found", `The daemon has no workspace "${id}"`);
  }

  async #reload(): Promise<void> {
    if (this.#ended.signal.aborted) return;
    const { settings } = this.#options.environment;
    const config = settings.read();
    const linked = config.workspaces.filter(isLinked);
    const basisOf = (record: LinkedRecord): string => {
      const account = config.accounts.find(({ id }) => id === record.account);
      return JSON.stringify([record, account, config.settings, config.overrides, config.device]);
    };
    const gone = [...this.#workspaces.keys()].filter((id) => !linked.some((one) => one.id === id));
    await Promise.all(gone.map((id) => this.#remove(id)));
    await Promise.all(linked.map((record) => this.#apply(record, basisOf(record))));
  }

  async #apply(record: LinkedRecord, basis: string): Promise<void> {
    const known = this.#workspaces.get(record.id);
    const isOther = this.#bases.get(record.id) !== basis;
    this.#bases.set(record.id, basis);
    if (known === undefined) this.#add(record);
    else await known.reload(record, isOther);
  }

  #add(record: LinkedRecord): void {
    const { environment, openSession } = this.#options;
    const { id, path } = record;
    const onStatus = (): void => this.#tellLater(id);
    const onActivity = (activity: Activity): void => {
      this.#tell({ v: 1, type: "activity", activity: { ...activity, id, folder: path } });
    };
    this.#workspaces.set(
      id,
      new LiveWorkspace({ environment, record, openSession, onStatus, onActivity }),
    );
  }

  async #remove(id: string): Promise<void> {
    const workspace = this.#workspaces.get(id);
    this.#workspaces.delete(id);
    this.#bases.delete(id);
    await workspace?.[Symbol.asyncDispose]();
    this.#tell({ v: 1, type: "removed", id });
  }

  #tell(event: DaemonEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  #tellLater(id: string): void {
    if (this.#toTell.has(id) || this.#listeners.size === 0) return;
    this.#toTell.add(id);
    void this.#tellSoon(id);
  }

  async #tellSoon(id: string): Promise<void> {
    await this.#options.environment.clock
      .sleep(statusEventMs, this.#ended.signal)
      // The end of the daemon ends its events.
      .catch(() => undefined);
    this.#toTell.delete(id);
    const workspace = this.#workspaces.get(id);
    if (workspace === undefined || this.#ended.signal.aborted) return;
    this.#tell({ v: 1, type: "workspace", workspace: workspace.status() });
  }
}
