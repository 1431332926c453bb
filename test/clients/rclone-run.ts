import { mkdirSync, readFileSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import path from "node:path";
import { ListeningServer } from "../support/listening-server.ts";
import type { ProgramEnd } from "../support/listening-server.ts";
import type { Answer } from "../support/checked-server.ts";

/** Nothing waits longer than needed: one batch is one call, and calls are not held back. */
const quickly: readonly string[] =
  "--dropbox-batch-timeout 20ms --tpslimit 0 --retries 1 --low-level-retries 2".split(" ");

/** Debian's rclone on a server, which it uses as its proxy; `local:` is the remote. */
export class RcloneRun implements AsyncDisposable {
  readonly server: ListeningServer;
  /** What the remote has as its token. */
  token: object;

  private constructor(server: ListeningServer) {
    this.server = server;
    this.token = {
      access_token: server.issued.accessToken,
      token_type: "bearer",
      expiry: "2099-01-01T00:00:00Z",
    };
  }

  static async open(): Promise<RcloneRun> {
    return new RcloneRun(await ListeningServer.open());
  }

  /** `rclone WORDS`, however it ends. */
  async try(...words: readonly string[]): Promise<ProgramEnd> {
    return await this.server.run("rclone", [...quickly, ...words], {
      env: {
        SSL_CERT_FILE: this.server.caPath,
        HTTPS_PROXY: this.server.running.url,
        RCLONE_CONFIG: "/dev/null",
        RCLONE_CONFIG_LOCAL_TYPE: "dropbox",
        RCLONE_CONFIG_LOCAL_CLIENT_ID: "key",
        RCLONE_CONFIG_LOCAL_CLIENT_SECRET: "secret",
        RCLONE_CONFIG_LOCAL_TOKEN: JSON.stringify(this.token),
        RCLONE_CACHE_DIR: this.server.local("cache"),
      },
    });
  }

  /** What it prints; anything but success is a failure of the test. */
  async do(...words: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.try(...words);
    if (code === 0) return stdout;
    throw new Error(`rclone ${words.join(" ")} ended with ${code}\n${stdout}\n${stderr}`);
  }

  /** What a command prints as JSON. */
  async json(...words: readonly string[]): Promise<Answer["json"]> {
    return JSON.parse(await this.do(...words));
  }

  /** Write a file below the local folder. */
  write(file: string, content: string | Uint8Array, modified = "2026-03-04T05:06:07Z"): void {
    const target = this.server.local(file);
    mkdirSync(path.dirname(target), { recursive: true });
    writeFileSync(target, content);
    utimesSync(target, new Date(modified), new Date(modified));
  }

  read(file: string): string {
    return readFileSync(this.server.local(file), "latin1");
  }

  remove(file: string): void {
    rmSync(this.server.local(file), { recursive: true });
  }

  /** Every file below a local folder with its content. */
  localTree(folder: string): Record<string, string> {
    const top = this.server.local(folder);
    const files = readdirSync(top, { withFileTypes: true, recursive: true })
      .filter((entry) => entry.isFile())
      .map((entry) => path.join(entry.parentPath, entry.name));
    return Object.fromEntries(
      files.toSorted().map((file) => [path.relative(top, file), readFileSync(file, "latin1")]),
    );
  }

  /** Everything below a folder of the account as the server has it: files with their content, folders with null. */
  async remoteTree(folder = ""): Promise<Record<string, string | null>> {
    const { sdk } = this.server;
    const listed = await sdk.filesListFolder({ path: folder, recursive: true });
    const tree: Record<string, string | null> = {};
    for (const entry of listed.result.entries) {
      const where = (entry.path_display ?? "").slice(folder.length + 1);
      if (where === "") continue;
      const isFile = entry[".tag"] === "file";
      tree[where] = isFile ? await this.contentOf(entry.path_lower ?? "") : null;
    }
    return tree;
  }

  /** A file of the account, bytes as characters. */
  async contentOf(file: string): Promise<string> {
    const { result } = await this.server.sdk.filesDownload({ path: file });
    return Buffer.from(result.fileBinary ?? "").toString("latin1");
  }

  /** Put a file into the account, past rclone. */
  async put(
    file: string,
    content: string,
    modified: string = "2026-03-04T05:06:07Z",
  ): Promise<void> {
    const mode = { ".tag": "overwrite" } as const;
    const client_modified = modified;
    await this.server.sdk.filesUpload({ path: file, contents: content, mode, client_modified });
  }

  /** Calls since the last time, as `route path`. */
  calls(): readonly string[] {
    const { admin } = this.server.running.server;
    const calls = admin?.calls() ?? [];
    admin?.zero();
    return calls.map(({ route }) => route);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server[Symbol.asyncDispose]();
  }
}
