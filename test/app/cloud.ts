import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { loginLocal } from "../../src/app/login.ts";
import { openEnvironment, type Environment } from "../../src/app/environment.ts";
import { requireLink } from "../../src/app/find-workspace.ts";
import { makeLink, planLink, type LinkPlan } from "../../src/app/link.ts";
import { openLiveSession } from "../../src/app/live-session.ts";
import { LiveWorkspace } from "../../src/app/live.ts";
import { readStatus, type Status } from "../../src/app/status.ts";
import { syncWorkspace, type SyncOutcome } from "../../src/app/sync.ts";
import type { Activity } from "../../src/core/live/live-status.ts";
import { asyncDesk } from "../../src/server/front/desk-socket.ts";
import { openServer, type DropboxServer } from "../../src/server/serve.ts";
import { present } from "../../src/std/assert.ts";
import { seededRng } from "../../src/std/random.ts";
import { systemClock } from "../../src/std/time.ts";
import { treeOf } from "../support/snap-process.ts";

/** One account on a server in this process, with devices that the whole program runs on, and all that they ask for. */
export class Cloud implements AsyncDisposable {
  readonly top: string = realpathSync(mkdtempSync(path.join(os.tmpdir(), "snap-cloud-")));
  readonly #server: DropboxServer;
  readonly #asked: string[] = [];

  private constructor(server: DropboxServer) {
    this.#server = server;
  }

  static async open(): Promise<Cloud> {
    const data = ":memory:";
    const rng = seededRng(1);
    return new Cloud(await openServer({ data, clock: systemClock, rng, admin: true }));
  }

  /** A computer of the same person, linked to nothing. */
  async device(name: string): Promise<Device> {
    const place = path.join(this.top, name);
    mkdirSync(place);
    const plain = await openEnvironment({
      variables: { SNAP_HOME: path.join(this.top, `${name}.home`) },
      cwd: place,
    });
    const environment: Environment = { ...plain, embedded: () => Promise.resolve(this.#reach()) };
    environment.settings.update((config) => ({ ...config, device: { ...config.device, name } }));
    await loginLocal(environment, undefined);
    return new Device(environment, place);
  }

  /** What the server's log, and the calls themselves, say of a name. */
  told(name: string): readonly string[] {
    const logged = present(this.#server.admin, "the server's log").calls();
    const paths = logged.flatMap((call) => call.path ?? []);
    return [...paths, ...this.#asked].filter((text) => text.includes(name));
  }

  forget(): void {
    this.#asked.length = 0;
    present(this.#server.admin, "the server's log").zero();
  }

  #reach(): Awaited<ReturnType<NonNullable<Environment["embedded"]>>> {
    const server = this.#server;
    return {
      desk: asyncDesk(server),
      fetch: async (input, init) => {
        const header = new Headers(init?.headers).get("dropbox-api-arg") ?? "";
        this.#asked.push(typeof init?.body === "string" ? init.body : header);
        return await server.fetch(input, init);
      },
      place: undefined,
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.close();
    rmSync(this.top, { recursive: true, force: true });
  }
}

/** One computer. */
export class Device {
  readonly environment: Environment;
  /** The workspace. */
  readonly place: string;

  constructor(environment: Environment, place: string) {
    this.environment = environment;
    this.place = place;
  }

  at(file: string): string {
    return path.join(this.place, file);
  }

  write(file: string, text: string): void {
    mkdirSync(path.dirname(this.at(file)), { recursive: true });
    writeFileSync(this.at(file), text);
  }

  remove(file: string): void {
    rmSync(this.at(file), { recursive: true });
  }

  tree(): Readonly<Record<string, string>> {
    return treeOf(this.place);
  }

  async plan(repos?: "refuse" | "exclude", gitignore?: boolean): Promise<LinkPlan> {
    const words = { folder: this.place, remote: "/w", repos, gitignore };
    return await planLink(this.environment, words);
  }

  /** Linked to `/w`; nothing is synced. */
  async link(repos?: "refuse" | "exclude", gitignore?: boolean): Promise<this> {
    await makeLink(this.environment, await this.plan(repos, gitignore));
    return this;
  }

  async sync(): Promise<SyncOutcome> {
    return await syncWorkspace(this.environment, this.place, {});
  }

  async status(): Promise<Status> {
    return await readStatus(this.environment, this.place, {});
  }
}

/** A device that is always in sync, told by a watcher of the system. */
export class LiveDevice implements AsyncDisposable {
  readonly live: LiveWorkspace;
  readonly activity: string[] = [];
  /** How often the workspace was opened. */
  opened = 0;
  #waiting: (() => void)[] = [];

  constructor({ environment, place }: Device) {
    this.live = new LiveWorkspace({
      environment,
      record: requireLink(environment, place),
      openSession: async (...words) => {
        this.opened += 1;
        return await openLiveSession(...words);
      },
      onStatus: () => this.#wake(),
      onActivity: ({ kind, path: at }: Activity) => {
        this.activity.push(`${kind} ${at}`);
        this.#wake();
      },
    });
  }

  /** Until something is so; asked whenever anything happens. */
  async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  async rests(): Promise<void> {
    await this.until(() => this.live.status().live.state === "idle");
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.live[Symbol.asyncDispose]();
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }
}
