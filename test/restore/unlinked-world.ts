import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import type { CaptureFacts } from "../../src/core/snapshot/root.ts";
import type { Disk } from "../../src/local/disk.ts";
import { openLocalSide } from "../../src/local/local-side.ts";
import type { RestoreDeps } from "../../src/restore/restore-deps.ts";
import { noHooks } from "./restore-world.ts";
import { localSource } from "../../src/snapshot/local-source.ts";
import { openStore, type OpenedStore } from "../../src/snapshot/store.ts";
import { openIndex } from "../../src/state/database.ts";
import { seededRng } from "../../src/std/random.ts";
import { TestClock } from "../support/test-clock.ts";

/** A folder with a store, and no link. */
export class Unlinked implements AsyncDisposable {
  readonly folder: string = fs.mkdtempSync(path.join(os.tmpdir(), "snap-unlinked-"));
  readonly top: string = path.join(this.folder, "workspace");
  readonly #clock = new TestClock();
  readonly #open = openIndex(":memory:", { clock: this.#clock });

  readonly #disk: Disk | undefined;

  /** @param disk instead of the one of this machine */
  constructor(disk?: Disk) {
    this.#disk = disk;
    fs.mkdirSync(this.top);
  }

  async store(): Promise<OpenedStore> {
    const shared = { clock: this.#clock, rng: seededRng(this.#clock.now()) };
    const storePath = path.join(this.folder, "store");
    return await openStore({ path: storePath, tool: "snap test", reserve: 0, ...shared });
  }

  async deps(): Promise<RestoreDeps> {
    const shared = { clock: this.#clock, rng: seededRng(this.#clock.now()) };
    this.#clock.advance(1_000);
    const { index, journal } = this.#open;
    const disk = this.#disk === undefined ? {} : { disk: this.#disk };
    const local = openLocalSide({ top: this.top, ...disk, ...shared });
    const store = await this.store();
    return {
      ...shared,
      local,
      index,
      journal,
      store,
      engine: undefined,
      hooks: () => noHooks,
      remote: undefined,
      kept: undefined,
      rollback: undefined,
      link: undefined,
      workspace: "w1",
      owners: true,
      device: "box",
      capture: ({ side, paths, label }, work) => {
        const workspace = { id: "w1", path: this.top, device: "box", host: "box" };
        const chosen = paths === undefined ? {} : { paths };
        const facts: CaptureFacts = { workspace, side, rules: "r", sync: "clean", ...chosen };
        const isOutside = (): boolean => false;
        const shared = { local, index: undefined, isOutside, isRepositorySynced: isOutside };
        const own = { ...shared, facts, keepsOwners: true };
        const options = { reason: "before-restore", label, force: true, ...work } as const;
        return store.capture(localSource(own), options);
      },
      scope: () => Promise.resolve(() => false),
      ignored: () => Promise.resolve(() => false),
      rules: () => Promise.resolve("r"),
      onEvent: () => {},
    };
  }

  write(name: string, content: string): void {
    fs.writeFileSync(path.join(this.top, name), content);
  }

  files(): Record<string, string> {
    const names = fs.readdirSync(this.top).filter((name) => name !== ".snap");
    return Object.fromEntries(
      names.map((name) => [name, fs.readFileSync(path.join(this.top, name), "utf8")]),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#open.close();
    fs.rmSync(this.folder, { recursive: true });
    await Promise.resolve();
  }
}
