import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { DaemonBox } from "../../test/support/daemon-box.ts";
import { launcher } from "../../test/support/snap-process.ts";
import { median, milliseconds, printFigure, ratio } from "./table.ts";

const rounds = 21;

/** Of `/proc/PID/stat`, ms. */
const tickMs = 10;

/** `snap status` beside a daemon, and an empty program of the same runtime, in turn. */
export async function benchStatus(): Promise<void> {
  await using daemon = await DaemonBox.linked();
  await daemon.run(0, "start");
  await daemon.until("idle");
  const options = { cwd: daemon.box.workspace, env: { ...process.env, SNAP_HOME: daemon.home } };
  const status = new Command([launcher, "status"], options);
  const empty = new Command(["-e", "0"], options);
  for (let round = 0; round < rounds; round += 1) {
    empty.run();
    status.run();
  }
  const [ours, theirs] = [status.wallMs(), empty.wallMs()];
  printFigure({ what: "snap status beside a daemon", aim: "", measured: milliseconds(ours) });
  const wall = ratio(ours, theirs);
  const what = "  beside an empty program of Node";
  printFigure({ what, aim: "2 ×", measured: wall, note: milliseconds(theirs) });
  const [ourCpu, theirCpu] = [status.cpuMs(), empty.cpuMs()];
  const cpu = ratio(ourCpu, theirCpu);
  const note = `${milliseconds(ourCpu)} and ${milliseconds(theirCpu)}`;
  printFigure({ what: "  the same, seconds of the processor", aim: "2 ×", measured: cpu, note });
}

type CommandOptions = { readonly cwd: string; readonly env: NodeJS.ProcessEnv };

/** A program that is run again and again. */
class Command {
  readonly #words: readonly string[];
  readonly #options: CommandOptions;
  readonly #times: number[] = [];
  #ticks = 0;

  constructor(words: readonly string[], options: CommandOptions) {
    this.#words = words;
    this.#options = options;
  }

  run(): void {
    const ticks = ticksOfEnded();
    const started = performance.now();
    const { status } = spawnSync(process.execPath, this.#words, {
      ...this.#options,
      stdio: ["ignore", "ignore", "inherit"],
    });
    this.#times.push(performance.now() - started);
    this.#ticks += ticksOfEnded() - ticks;
    if (status !== 0) throw new Error(`It ended with ${status}`);
  }

  wallMs(): number {
    return median(this.#times);
  }

  /** The mean: the system counts in ticks, which are too long for a single run. */
  cpuMs(): number {
    return (this.#ticks * tickMs) / this.#times.length;
  }
}

/** What the processes used that this one has started and that have ended. */
function ticksOfEnded(): number {
  const fields = readFileSync("/proc/self/stat", "utf8").split(") ").at(-1)?.split(" ") ?? [];
  // Fields 16 and 17 of proc(5), those behind the name being counted from 3.
  return Number(fields[13]) + Number(fields[14]);
}
