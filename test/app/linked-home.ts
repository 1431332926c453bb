import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import os from "node:os";
import path from "node:path";
import { connect } from "../../src/app/accounts.ts";
import { loginLocal } from "../../src/app/login.ts";
import { openEnvironment, type Environment } from "../../src/app/environment.ts";
import { makeLink, planLink } from "../../src/app/link.ts";
import { syncWorkspace } from "../../src/app/sync.ts";
import { parseRelPath, topPath } from "../../src/core/path/rel-path.ts";
import type { RemoteSide } from "../../src/ports.ts";
import type { Settings } from "../../src/core/settings/values.ts";

/** The whole program in this process: a home with the embedded account, and a workspace that is linked to `/w`. */
export class LinkedHome implements AsyncDisposable {
  readonly top: string = realpathSync(mkdtempSync(path.join(os.tmpdir(), "snap-app-")));
  readonly place: string = path.join(this.top, "workspace");
  readonly #home = path.join(this.top, "home");
  #environment: Environment | undefined;

  static async open(files: Readonly<Record<string, string>>): Promise<LinkedHome> {
    const home = new LinkedHome();
    mkdirSync(home.place);
    for (const [file, text] of Object.entries(files)) home.write(file, text);
    const { place } = home;
    home.#environment = await openEnvironment({
      variables: { SNAP_HOME: home.#home },
      cwd: place,
    });
    const { environment } = home;
    await loginLocal(environment, undefined);
    const plan = await planLink(environment, { folder: place, remote: "/w", repos: "refuse" });
    await makeLink(environment, plan);
    await syncWorkspace(environment, place, {});
    return home;
  }

  get environment(): Environment {
    if (this.#environment === undefined) throw new Error("the home is not open yet");
    return this.#environment;
  }

  set(settings: Settings): void {
    this.environment.settings.update((config) => ({ ...config, settings }));
  }

  write(file: string, text: string): void {
    mkdirSync(path.dirname(path.join(this.place, file)), { recursive: true });
    writeFileSync(path.join(this.place, file), text);
  }

  read(file: string): string {
    return readFileSync(path.join(this.place, file), "utf8");
  }

  remove(file: string): void {
    rmSync(path.join(this.place, file), { recursive: true });
  }

  /** Every file of the workspace, by path; `.snap/` left out. */
  tree(): readonly string[] {
    return readdirSync(this.place, { withFileTypes: true, recursive: true })
      .filter((entry) => entry.isFile())
      .map((entry) => path.relative(this.place, path.join(entry.parentPath, entry.name)))
      .filter((file) => !file.startsWith(".snap/"))
      .toSorted();
  }

  /** A platform's snapshot of the workspace, and of the index unless it lies elsewhere; the result puts it back. */
  platformSnapshot(what: "workspace and index" | "workspace" = "workspace and index"): () => void {
    const copy = path.join(this.top, "platform");
    const workspace = [this.place, path.join(copy, "workspace")] as const;
    const index = [path.join(this.#home, "workspaces"), path.join(copy, "state")] as const;
    const parts = what === "workspace" ? [workspace] : [workspace, index];
    const options = { recursive: true, preserveTimestamps: true };
    for (const [from, to] of parts) cpSync(from, to, options);
    return () => {
      for (const [to, from] of parts) {
        rmSync(to, { recursive: true });
        cpSync(from, to, options);
      }
    };
  }

  /** The account as another client sees it. */
  async withCloud<T>(use: (side: RemoteSide) => Promise<T>): Promise<T> {
    await using connection = await connect(this.environment);
    return await use(connection.side(""));
  }

  /** Files of the linked folder. */
  cloud(): Promise<readonly string[]> {
    return this.withCloud(async (side) => {
      const items = await Array.fromAsync(side.list(topPath, { recursive: true }));
      const files = items.filter(
        ({ kind, path: file }) => kind === "file" && !file.includes(".snap/"),
      );
      return files.map(({ path: file }) => file.slice("w/".length)).toSorted();
    });
  }

  /** Somebody deletes the linked folder. */
  removeLinkedFolder(): Promise<void> {
    return this.withCloud(async (side) => {
      for (const item of await Array.fromAsync(side.list(topPath, { recursive: true }))) {
        if (item.kind === "file") await side.deleteFile(item.path, item.rev);
      }
      await side.deleteFolder(parseRelPath("w"));
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    rmSync(this.top, { recursive: true, force: true });
  }
}
