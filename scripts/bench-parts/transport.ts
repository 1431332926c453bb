import { mkdirSync, mkdtempSync, realpathSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setFlagsFromString } from "node:v8";
import { openEnvironment } from "../../src/app/environment.ts";
import { ListeningServer } from "../../test/support/listening-server.ts";
import { fillFolder, filesInCopy } from "./many-files.ts";
import { measuredProgram, type ProgramRun } from "./process-memory.ts";
import { launcher } from "../../test/support/snap-process.ts";
import { count, seconds } from "./table.ts";
import { trafficIn } from "./traffic.ts";
import { fillLarge, fillSmall, sameTree } from "./transport-data.ts";

/** What the way to the server and its lock cost. */
const profile = { name: "bench", roundTripMs: 100, commitMs: 20, lockWaitMs: 1_000 };

/** Files of the folder that is renamed: with their folders fewer than 10,000 entries. */
const renamedMax = 9_800;

/** How much goes each way; 0 leaves a part out. */
export type TransportSizes = {
  readonly small: number;
  /** MiB of each of the four large files. */
  readonly large: number;
  /** Files of the pass in which nothing has changed. */
  readonly same: number;
  /** Whether rclone runs as well. */
  readonly beside: boolean;
};

/**
 * The way to Dropbox and back, with a round trip of 100 ms and a lock for each namespace: `snap` beside Debian's rclone with its
 * own defaults, on the same server, through the same proxy and TLS, one after the other.
 */
export async function benchTransport(sizes: TransportSizes): Promise<void> {
  // The server is in this process, and tidies up as `snap server` does.
  setFlagsFromString("--no-incremental-marking");
  const top = realpathSync(mkdtempSync(path.join(tmpdir(), "snap-bench-")));
  try {
    await using server = await ListeningServer.open({ checkResponses: false });
    const bench = new TransportBench(top, server, sizes.beside);
    await bench.begin();
    if (sizes.small > 0) await bench.small(sizes.small);
    if (sizes.small > 0) await bench.renamed(Math.min(sizes.small, renamedMax));
    if (sizes.large > 0) await bench.large(sizes.large);
    if (sizes.same > 0) await bench.same(sizes.same);
  } finally {
    rmSync(top, { recursive: true, force: true });
  }
}

/** One run of one program, as the server saw it. */
type Measured = ProgramRun & { readonly calls: number; readonly bytes: number };

class TransportBench {
  readonly #top: string;
  readonly #server: ListeningServer;
  readonly #beside: boolean;

  constructor(top: string, server: ListeningServer, beside: boolean) {
    this.#top = top;
    this.#server = server;
    this.#beside = beside;
  }

  async begin(): Promise<void> {
    this.#server.running.server.admin?.setProfile(profile);
    for (const home of ["one", "two"]) await this.#logIn(home);
    printRow(["", "program", "calls", "MiB", "time", "peak", "ratio"]);
  }

  /** Many small files up, down, and their folder renamed. */
  async small(files: number): Promise<void> {
    const source = this.#folder("small");
    fillSmall(path.join(source, "tree"), files);
    await this.#link("one", source, "/small");
    await this.#compare(`${count(files)} files of 1-16 KiB up`, {
      snap: () => this.#snap("one", source, "sync"),
      rclone: () => this.#rclone("copy", source, "local:/r-small"),
    });
    const target = this.#folder("small-down");
    await this.#link("two", target, "/small");
    await this.#compare(`${count(files)} files of 1-16 KiB down`, {
      snap: () => this.#snap("two", target, "sync"),
      rclone: () => this.#rclone("copy", "local:/r-small", this.#folder("r-small")),
    });
    sameTree(source, target);
  }

  /** A folder with about as many entries as the server moves by one call. */
  async renamed(files: number): Promise<void> {
    const source = this.#folder("renamed");
    fillSmall(path.join(source, "tree"), files);
    await this.#link("one", source, "/renamed");
    const { admin } = this.#server.running.server;
    admin?.setProfile("none");
    await this.#snap("one", source, "sync");
    await this.#server.sdk.filesCopyV2({ from_path: "/renamed/tree", to_path: "/r-renamed/tree" });
    admin?.setProfile(profile);
    renameSync(path.join(source, "tree"), path.join(source, "moved"));
    await this.#compare(`a folder of ${count(files)} files renamed`, {
      snap: () => this.#snap("one", source, "sync"),
      rclone: () => this.#rclone("moveto", "local:/r-renamed/tree", "local:/r-renamed/moved"),
    });
  }

  /** Four large files up and down. */
  async large(mebibytes: number): Promise<void> {
    const source = this.#folder("large");
    fillLarge(source, mebibytes);
    await this.#link("one", source, "/large");
    await this.#compare(`4 files of ${mebibytes} MiB up`, {
      snap: () => this.#snap("one", source, "sync"),
      rclone: () => this.#rclone("copy", source, "local:/r-large"),
    });
    const target = this.#folder("large-down");
    await this.#link("two", target, "/large");
    await this.#compare(`4 files of ${mebibytes} MiB down`, {
      snap: () => this.#snap("two", target, "sync"),
      rclone: () => this.#rclone("copy", "local:/r-large", this.#folder("r-large")),
    });
    sameTree(source, target);
  }

  /** Nothing has changed. */
  async same(files: number): Promise<void> {
    const source = this.#folder("same");
    fillFolder(source, Math.max(1, Math.round(files / filesInCopy)));
    const { admin } = this.#server.running.server;
    admin?.setProfile("none");
    await this.#link("one", source, "/same");
    await this.#snap("one", source, "sync");
    admin?.setProfile(profile);
    await this.#compare(`nothing changed in ${count(files)} files`, {
      snap: () => this.#snap("one", source, "sync"),
      rclone: () => this.#rclone("sync", source, "local:/same"),
    });
  }

  async #compare(
    what: string,
    { snap, rclone }: Record<"snap" | "rclone", () => Promise<ProgramRun>>,
  ): Promise<void> {
    const ours = await this.#measure(snap);
    const theirs = this.#beside ? await this.#measure(rclone) : undefined;
    printRow([what, "snap", ...figures(ours), ""]);
    if (theirs === undefined) return;
    const ratio = `${(ours.milliseconds / theirs.milliseconds).toFixed(3)} ×`;
    printRow(["", "rclone", ...figures(theirs), ratio]);
  }

  async #measure(run: () => Promise<ProgramRun>): Promise<Measured> {
    const { admin } = this.#server.running.server;
    admin?.zero();
    const ran = await run();
    return { ...ran, ...trafficIn(admin?.metrics() ?? "") };
  }

  async #link(home: string, folder: string, remote: string): Promise<void> {
    await this.#snap(home, folder, "link", folder, remote, "--yes");
  }

  #snap(home: string, cwd: string, ...words: readonly string[]): Promise<ProgramRun> {
    const env = {
      SNAP_HOME: path.join(this.#top, home),
      HTTPS_PROXY: this.#server.running.url,
      NODE_USE_ENV_PROXY: "1",
      NODE_EXTRA_CA_CERTS: this.#server.caPath,
      NO_COLOR: "1",
    };
    return measuredProgram(process.execPath, [launcher, ...words, "--json"], { cwd, env });
  }

  #rclone(...words: readonly string[]): Promise<ProgramRun> {
    const token = {
      access_token: this.#server.issued.accessToken,
      token_type: "bearer",
      expiry: "2099-01-01T00:00:00Z",
    };
    const env = {
      SSL_CERT_FILE: this.#server.caPath,
      HTTPS_PROXY: this.#server.running.url,
      RCLONE_CONFIG: "/dev/null",
      RCLONE_CONFIG_LOCAL_TYPE: "dropbox",
      RCLONE_CONFIG_LOCAL_CLIENT_ID: "key",
      RCLONE_CONFIG_LOCAL_CLIENT_SECRET: "secret",
      RCLONE_CONFIG_LOCAL_TOKEN: JSON.stringify(token),
      RCLONE_CACHE_DIR: path.join(this.#top, "cache"),
    };
    return measuredProgram("rclone", words, { cwd: this.#top, env });
  }

  /** As `snap login` would have left it. */
  async #logIn(home: string): Promise<void> {
    const variables = { SNAP_HOME: path.join(this.#top, home) };
    const environment = await openEnvironment({ variables, cwd: this.#top });
    const { accountId: id, running } = this.#server;
    const { refreshToken } = running.server.issueToken(id, { clientId: "key" });
    await environment.secrets.write(id, refreshToken);
    environment.settings.update((config) => ({
      ...config,
      accounts: [
        { id, kind: "dropbox", name: "Anna Berg", email: "anna@example.com", appKey: "key" },
      ],
    }));
  }

  #folder(name: string): string {
    const folder = path.join(this.#top, name);
    mkdirSync(folder);
    return folder;
  }
}

function figures({ calls, bytes, milliseconds, peak }: Measured): readonly string[] {
  return [count(calls), (bytes / 2 ** 20).toFixed(1), seconds(milliseconds), `${peak} MiB`];
}

function printRow([what = "", program = "", ...rest]: readonly string[]): void {
  const columns = rest.map((text) => text.padStart(12)).join("");
  console.log(`${what.padEnd(44)}${program.padEnd(8)}${columns}`.trimEnd());
}
