import { mkdirSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { daemonClient } from "../../src/daemon/client.ts";
import type { DaemonStatus } from "../../src/daemon/wire.ts";
import { locate } from "../../src/state/locations.ts";
import { systemClock } from "../../src/std/time.ts";
import { Api } from "./api.ts";
import { fillAccount, fillFolder, filesInCopy } from "./many-files.ts";
import { measuredRun, memoryOf, type MeasuredRun } from "./process-memory.ts";
import { Served } from "./served.ts";
import { count, printFigure, seconds, timeMs } from "./table.ts";

const aim = "≤ 512 MiB";
const remoteFolder = "/same";
const emptyRemoteFolder = "/up";
const dryRemoteFolder = "/dry";
const pollMs = 500;

/** How many files there are. */
export type MemorySizes = {
  /** Files that both sides hold already. */
  readonly same: number;
  /** Files that go up. */
  readonly up: number;
  /** Files of a plan that is only looked at. */
  readonly dry: number;
};

/**
 * S106: memory of the program with many tracked files, in its first sync and at rest. The server is a process of its own. Takes
 * one to two minutes for each 100,000 files on both sides, and ten for as many that go up.
 */
export async function benchMemory({ same, up, dry }: MemorySizes): Promise<void> {
  const top = realpathSync(mkdtempSync(path.join(tmpdir(), "snap-bench-")));
  const home = path.join(top, "home");
  mkdirSync(home);
  try {
    printFigure({ what: "what", aim: "aim", measured: "measured" });
    await using served = await Served.start(path.join(home, "server"), home);
    const run = (...words: readonly string[]): Promise<MeasuredRun> =>
      measuredRun(words, { home, cwd: top });
    await run("login", "--local", "--name", "Bench");
    const world: World = { top, home, served, run };
    if (dry > 0) await benchDryRuns(world, Math.ceil(dry / filesInCopy));
    if (up > 0) await benchUp(world, Math.ceil(up / filesInCopy));
    if (same > 0) await benchSame(world, Math.ceil(same / filesInCopy));
  } finally {
    rmSync(top, { recursive: true, force: true });
  }
}

type World = {
  readonly top: string;
  readonly home: string;
  readonly served: Served;
  readonly run: (...words: readonly string[]) => Promise<MeasuredRun>;
};

/** Plans that are only looked at: half of the files have to go up, the server has the others already. */
async function benchDryRuns({ top, served, run }: World, copies: number): Promise<void> {
  const workspace = path.join(top, "dry");
  fillFolder(workspace, copies);
  const api = new Api(served.url, served.token, 1);
  await fillAccount(api, dryRemoteFolder, Math.ceil(copies / 2)).finally(() => api.close());
  const files = count(copies * filesInCopy);
  const merged = ["--initial", "merge", "--dry-run"] as const;
  const looked = await run("link", workspace, dryRemoteFolder, ...merged);
  printRun(`link --initial merge, the plan, ${files} files, half of them on both sides`, looked);
  await run("link", workspace, dryRemoteFolder, "--yes");
  printRun("  sync --dry-run of these", await run("sync", "--dry-run", "--workspace", workspace));
  await run("unlink", "--workspace", workspace);
}

/** Files that only the disk has: memory has to stay flat while they go up. */
async function benchUp({ top, run }: World, copies: number): Promise<void> {
  const workspace = path.join(top, "up");
  fillFolder(workspace, copies);
  await run("link", workspace, emptyRemoteFolder, "--yes");
  const files = copies * filesInCopy;
  const measured = await run("sync", "--workspace", workspace);
  printRun(`first sync, ${count(files)} files go up`, measured);
  for (const part of [0.25, 0.5, 0.75]) {
    const mark = measured.marks.find(({ step, done }) => step === "sync" && done >= files * part);
    if (mark === undefined) continue;
    printFigure({ what: `  after ${count(mark.done)}`, aim, measured: `${mark.peak} MiB` });
  }
}

/** Files that both sides hold: nothing travels, everything is looked at, and remembered. */
async function benchSame({ top, home, served, run }: World, copies: number): Promise<void> {
  const workspace = path.join(top, "same");
  fillFolder(workspace, copies);
  const api = new Api(served.url, served.token, 1);
  await fillAccount(api, remoteFolder, copies).finally(() => api.close());
  await run("link", workspace, remoteFolder, "--yes");
  const files = count(copies * filesInCopy);
  printRun(
    `first sync, ${files} files that both sides have`,
    await run("sync", "--workspace", workspace),
  );
  printRun("  another sync, nothing changed", await run("sync", "--workspace", workspace));
  await benchDaemon({ home, run });
}

async function benchDaemon({ home, run }: Pick<World, "home" | "run">): Promise<void> {
  const locations = locate({ SNAP_HOME: home });
  try {
    const looked = await timeMs(async () => {
      await run("start");
      await idle(() => daemonClient({ locations }).status());
    });
    const { pid, supervisor } = await daemonClient({ locations }).status();
    const { peak, now } = memoryOf(pid);
    printFigure({
      what: "  background process, after its first look",
      aim,
      measured: `${peak} MiB`,
      note: `${now} MiB now; ${seconds(looked)}; its supervisor ${memoryOf(supervisor).peak} MiB`,
    });
  } finally {
    await run("stop");
  }
}

async function idle(status: () => Promise<DaemonStatus>): Promise<void> {
  for (;;) {
    const { workspaces } = await status();
    if (workspaces.every(({ live }) => live.state === "idle")) return;
    const trouble = workspaces.find(({ live }) => live.trouble !== undefined)?.live.trouble;
    if (trouble !== undefined) throw new Error(`The daemon is in trouble: ${trouble.message}`);
    await systemClock.sleep(pollMs);
  }
}

function printRun(what: string, { peak, milliseconds, marks }: MeasuredRun): void {
  const steps = new Map(marks.map((mark) => [mark.step, mark.peak]));
  const note = Array.from(steps, ([step, at]) => `${step} ${at}`).join(", ");
  printFigure({ what, aim, measured: `${peak} MiB`, note: `${seconds(milliseconds)}; ${note}` });
}
