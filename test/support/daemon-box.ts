import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { daemonClient } from "../../src/daemon/client.ts";
import type { DaemonEvent, DaemonStatus } from "../../src/daemon/wire.ts";
import { locate, type Locations } from "../../src/state/locations.ts";
import type { WorkspaceStatus } from "../../src/app/live-status.ts";
import { Box, launcher, type Ended } from "./snap-process.ts";

/** How long a test that waits for the daemon waits, ms: as long as it takes on a busy machine. */
const patienceMs = 120_000;

/** A box whose daemon ends with the test. */
export class DaemonBox implements AsyncDisposable {
  readonly box: Box = new Box();
  /** Another home than the box's own, for those with odd names. */
  readonly home: string;

  constructor(home?: string) {
    this.home = home === undefined ? this.box.home : path.resolve(this.box.top, home);
  }

  /** Logged in to the embedded account and linked to `/w`; nothing is synced. */
  static async linked(home?: string): Promise<DaemonBox> {
    const made = new DaemonBox(home);
    await made.run(0, "login", "--local");
    await made.run(0, "link", made.box.workspace, "/w");
    return made;
  }

  get locations(): Locations {
    return locate({ SNAP_HOME: this.home });
  }

  /** `snap WORDS --json`, which has to end as it should. */
  async run(code: number, ...words: readonly string[]): Promise<Ended> {
    const ended = await this.box.snap([...words, "--json"], {
      cwd: existsSync(this.box.workspace) ? this.box.workspace : this.box.top,
      env: { SNAP_HOME: this.home },
    });
    if (ended.code === code) return ended;
    throw new Error(
      `snap ${words.join(" ")} ended with ${ended.signal ?? ended.code}, not ${code}\n${ended.stdout}\n${ended.stderr}\n${this.log()}`,
    );
  }

  async status(): Promise<DaemonStatus> {
    return await daemonClient(this).status();
  }

  /** Wait until an event of the daemon is as it is wanted. */
  async event<E>(wanted: (event: DaemonEvent) => E | undefined): Promise<E> {
    const signal = AbortSignal.timeout(patienceMs);
    for await (const event of daemonClient(this).events(signal)) {
      const found = wanted(event);
      if (found !== undefined) return found;
    }
    throw new Error(`the daemon ended before that\n${this.log()}`);
  }

  /** Wait until a workspace is in a state: that of a folder, or any. */
  async until(state: WorkspaceStatus["live"]["state"], folder?: string): Promise<WorkspaceStatus> {
    const isWanted = ({ path: top, live }: WorkspaceStatus): boolean =>
      live.state === state && (folder === undefined || top === folder);
    return await this.event((event) => {
      if (event.type === "daemon") return event.status.workspaces.find(isWanted);
      return event.type === "workspace" && isWanted(event.workspace) ? event.workspace : undefined;
    });
  }

  log(): string {
    const file = path.join(this.locations.log, "snap.log");
    return existsSync(file) ? readFileSync(file, "utf8") : "";
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.box.snap(["stop"], { cwd: this.box.top, env: { SNAP_HOME: this.home } });
    this.box[Symbol.dispose]();
  }
}

/** Resolves when no process has this number any more; a kill is not waited for by who did not start it. */
export async function processEnd(pid: number): Promise<void> {
  const deadline = performance.now() + patienceMs;
  while (isAlive(pid)) {
    if (performance.now() > deadline) throw new Error(`process ${pid} does not end`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** A process that has ended and was not asked for its exit code counts as ended. */
function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/mu.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

/** A process that runs until it is told to end. */
class RunningProcess implements AsyncDisposable {
  readonly child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor(box: DaemonBox, words: readonly string[]) {
    this.child = spawn(process.execPath, words, {
      cwd: box.box.workspace,
      env: { ...process.env, NO_COLOR: "1", SNAP_HOME: box.home },
      stdio: ["pipe", "pipe", "inherit"],
    });
    const { stdout } = this.child;
    if (stdout === null) throw new Error("its output is a pipe");
    this.#lines = createInterface({ input: stdout })[Symbol.asyncIterator]();
  }

  /** The next line that it prints. */
  async line(): Promise<string> {
    const { value, done } = await this.#lines.next();
    if (done === true) throw new Error("the command has ended");
    return value;
  }

  async kill(signal: NodeJS.Signals): Promise<number | undefined> {
    if (this.child.exitCode !== null) return this.child.exitCode;
    if (this.child.signalCode !== null) return undefined;
    const ended = once(this.child, "exit");
    this.child.kill(signal);
    const [code] = await ended;
    return typeof code === "number" ? code : undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill("SIGKILL");
  }
}

/** `snap WORDS`. */
export class RunningCommand extends RunningProcess {
  constructor(box: DaemonBox, words: readonly string[]) {
    super(box, [launcher, ...words]);
  }
}

/** Borrows a workspace, says "lent", and keeps it. */
export class Borrower extends RunningProcess {
  constructor(box: DaemonBox, workspace: string) {
    const source = path.join(import.meta.dirname, "../../src");
    const code = `
      import { daemonLender } from ${JSON.stringify(path.join(source, "daemon/lender.ts"))};
      import { locate } from ${JSON.stringify(path.join(source, "state/locations.ts"))};
      import { systemClock } from ${JSON.stringify(path.join(source, "std/time.ts"))};
      const environment = { locations: locate(process.env), clock: systemClock };
      const lender = daemonLender(environment, new AbortController().signal);
      const loan = await lender.borrow(${JSON.stringify(workspace)}, "capture");
      console.log(loan === undefined ? "refused" : "lent");
    `;
    super(box, ["--input-type=module", "-e", code]);
  }
}
