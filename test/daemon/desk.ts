import type { Standing } from "../../src/app/live-visit.ts";
import type { Controlled } from "../../src/daemon/control-api.ts";
import type { DaemonEvent, DaemonStatus } from "../../src/daemon/wire.ts";
import { SnapError } from "../../src/std/error.ts";

/** What it says of itself. */
export const deskStatus: DaemonStatus = {
  v: 1,
  pid: 7,
  startedAt: 1,
  version: "0",
  workspaces: [],
};

/** Notes what it is asked for. */
export class Desk implements Controlled {
  readonly asked: string[] = [];
  readonly listeners: Set<(event: DaemonEvent) => void> = new Set();
  /** What it lets stand still comes to its end. */
  readonly ending: AbortController = new AbortController();
  #tell: () => void = () => {};

  /** Resolves with the next thing that is asked for. */
  next(): Promise<void> {
    return new Promise((resolve) => {
      this.#tell = resolve;
    });
  }

  status(): DaemonStatus {
    return deskStatus;
  }

  subscribe(listener: (event: DaemonEvent) => void): () => void {
    this.listeners.add(listener);
    return () => {
      this.listeners.delete(listener);
      this.#note("unsubscribed");
    };
  }

  stop(): void {
    this.#note("stop");
  }

  async reload(): Promise<void> {
    this.#note("reload");
  }

  async pause(wish: { readonly workspace?: string; readonly reason?: string }): Promise<void> {
    this.#note(`pause ${wish.workspace ?? "all"} ${wish.reason ?? ""}`);
  }

  async resume({ workspace }: { readonly workspace?: string }): Promise<void> {
    this.#note(`resume ${workspace ?? "all"}`);
  }

  nudge(workspace: string): void {
    if (workspace !== "w1") throw new SnapError("not-found", "no such workspace");
    this.#note(`nudge ${workspace}`);
  }

  async lend(workspace: string, { what }: { readonly what: string }): Promise<AsyncDisposable> {
    if (workspace !== "w1") throw new SnapError("not-found", "no such workspace");
    this.#note(`lent ${workspace} for ${what}`);
    return { [Symbol.asyncDispose]: async () => this.#note("given back") };
  }

  async still(workspace: string, { what }: { readonly what: string }): Promise<Standing> {
    if (workspace !== "w1") throw new SnapError("not-found", "no such workspace");
    this.#note(`still in ${workspace} for ${what}`);
    const { signal: ended } = this.ending;
    return { ended, [Symbol.dispose]: () => this.#note("goes on") };
  }

  #note(what: string): void {
    this.asked.push(what);
    this.#tell();
  }
}
