import { spawn } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import os from "node:os";
import path from "node:path";

const root = path.join(import.meta.dirname, "../..");

/** The launcher as `scripts/build` made it. */
export const launcher: string = path.join(root, "dist/cli/launch.cjs");

/** How a run of the program ended. */
export type Ended = {
  readonly code: number | undefined;
  readonly signal: NodeJS.Signals | undefined;
  readonly stdout: string;
  readonly stderr: string;
  /** The lines of `--json`. */
  readonly events: readonly Readonly<Record<string, unknown>>[];
};

export type RunOptions = {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly input?: string;
  /** Sent as soon as a line of stdout holds the text. */
  readonly signalAt?: { readonly text: string; readonly signal: NodeJS.Signals };
  /** Another runtime than the one of the tests. */
  readonly node?: string;
  /** Run as this user and group, which only root may ask for. */
  readonly user?: number;
};

/** An empty home with a workspace beside it, and the program run in them; everything is removed at the end. */
export class Box implements Disposable {
  readonly top: string = realpathSync(mkdtempSync(path.join(os.tmpdir(), "snap-cli-")));
  readonly home: string = path.join(this.top, "home");
  readonly workspace: string = path.join(this.top, "workspace");

  constructor() {
    mkdirSync(this.workspace);
  }

  /** `snap WORDS` in the workspace. */
  snap(words: readonly string[], options: RunOptions = {}): Promise<Ended> {
    return runSnap(words, {
      cwd: this.workspace,
      ...options,
      env: { SNAP_HOME: this.home, ...options.env },
    });
  }

  /** The same, where anything but the exit code is a failure of the test. */
  async expectExit(code: number, ...words: readonly string[]): Promise<Ended> {
    const ended = await this.snap(words);
    if (ended.code === code) return ended;
    throw new Error(
      `snap ${words.join(" ")} ended with ${ended.signal ?? ended.code}, not ${code}\n${ended.stdout}\n${ended.stderr}`,
    );
  }

  write(file: string, text: string): void {
    const target = path.join(this.workspace, file);
    mkdirSync(path.dirname(target), { recursive: true });
    writeFileSync(target, text);
  }

  read(file: string): string {
    return readFileSync(path.join(this.workspace, file), "utf8");
  }

  remove(file: string): void {
    rmSync(path.join(this.workspace, file), { recursive: true });
  }

  /** Every file of the workspace with its text, `.snap/` left out. */
  tree(): Readonly<Record<string, string>> {
    return treeOf(this.workspace);
  }

  [Symbol.dispose](): void {
    rmSync(this.top, { recursive: true, force: true });
  }
}

/** Every file below a folder with its text, `.snap/` left out. */
export function treeOf(folder: string): Readonly<Record<string, string>> {
  const files = readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .filter((file) => !path.relative(folder, file).startsWith(".snap/"))
    .toSorted();
  return Object.fromEntries(
    files.map((file) => [path.relative(folder, file), readFileSync(file, "utf8")]),
  );
}

/** Run the program; resolves when it has ended, however it did. */
export function runSnap(words: readonly string[], options: RunOptions): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(options.node ?? process.execPath, [launcher, ...words], {
      cwd: options.cwd,
      env: { ...process.env, NO_COLOR: "1", ...options.env },
      stdio: ["pipe", "pipe", "pipe"],
      ...(options.user === undefined ? {} : { uid: options.user, gid: options.user }),
    });
    let stdout = "";
    let stderr = "";
    let signalled = false;
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
      if (signalled || options.signalAt === undefined || !stdout.includes(options.signalAt.text))
        return;
      signalled = true;
      child.kill(options.signalAt.signal);
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    child.stdin.on("error", () => {
      // The program may end before it has read its input.
    });
    child.stdin.end(options.input ?? "");
    child.on("error", reject);
    child.on("close", (code, signal) => {
      resolve({
        code: code ?? undefined,
        signal: signal ?? undefined,
        stdout,
        stderr,
        events: words.includes("--json") ? parseLines(stdout) : [],
      });
    });
  });
}

function parseLines(stdout: string): readonly Readonly<Record<string, unknown>>[] {
  return stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));
}
