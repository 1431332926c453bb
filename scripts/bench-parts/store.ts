import { spawnSync } from "node:child_process";
import { lstatSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { launcher } from "../../test/support/snap-process.ts";
import { writeBig, writeTexts } from "./store-data.ts";
import { middle, runMeasured, type MeasuredCommand, type RunCost } from "./store-run.ts";
import type { StoreWork } from "./store-worker.ts";
import { count, printFigure, ratio, runProgram, seconds } from "./table.ts";

/** How much there is to measure with; 0 leaves a part out. */
export type StoreSizes = {
  /** Small files of text, some 13 KB each. */
  readonly files: number;
  /** MiB of each of four big files. */
  readonly big: number;
  /** Snapshots that are listed. */
  readonly snapshots: number;
  /** Files of a tree that is only made up, for memory and `diff`. */
  readonly synthetic: number;
  /** Runs of each case, of which the middle one counts. */
  readonly runs: number;
};

type Tool = "snap" | "restic" | "borg";

/** What a case costs each program. */
type Costs = Partial<Record<Tool, RunCost>>;

/** The snapshot store beside Debian's restic and borgbackup, in the same run on the same data. */
export async function benchStore(sizes: StoreSizes): Promise<void> {
  await installPrograms();
  const top = realpathSync(mkdtempSync(path.join(tmpdir(), "snap-bench-")));
  try {
    printFigure({ what: "what", aim: "aim", measured: "measured" });
    if (sizes.files > 0) await benchTexts(top, sizes);
    if (sizes.big > 0) await benchBig(top, sizes);
    if (sizes.snapshots > 0) await benchList(top, sizes);
    if (sizes.synthetic > 0) await benchSynthetic(top, sizes.synthetic);
  } finally {
    rmSync(top, { recursive: true, force: true });
  }
}

/** As `scripts/test` does for its own. */
async function installPrograms(): Promise<void> {
  const programs = new Map([
    ["restic", "restic"],
    ["borg", "borgbackup"],
  ]);
  const isMissing = (program: string): boolean =>
    spawnSync(program, ["--version"], { stdio: "ignore" }).status !== 0;
  const missing = [...programs].filter(([program]) => isMissing(program)).map(([, name]) => name);
  if (missing.length === 0) return;
  await runProgram("apt-get", ["update", "-qq"]);
  await runProgram("apt-get", ["install", "-y", "-qq", ...missing]);
}

/** The stores of the three programs in one folder, empty at first. */
class Stores {
  readonly #top: string;
  readonly #env: Readonly<Record<string, string>>;

  constructor(top: string) {
    this.#top = top;
    this.#env = {
      SNAP_HOME: this.at("snap"),
      NO_COLOR: "1",
      RESTIC_PASSWORD: "bench",
      RESTIC_REPOSITORY: this.at("restic"),
      RESTIC_CACHE_DIR: this.at("restic-cache"),
      BORG_REPO: this.at("borg"),
      BORG_BASE_DIR: this.at("borg-base"),
      BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK: "yes",
    };
  }

  at(name: string): string {
    return path.join(this.#top, name);
  }

  /** Stores as they are before the first snapshot: each program has had its first words, which are not timed. */
  async empty(): Promise<void> {
    rmSync(this.#top, { recursive: true, force: true });
    mkdirSync(this.#top, { recursive: true });
    await this.run(["restic", "init", "-q"]);
    await this.run(["borg", "init", "-e", "none"]);
    // The home, and from the second command on the compiled code in it.
    await this.snap("list");
    await this.snap("list");
  }

  run(words: readonly string[], cwd = this.#top): Promise<RunCost> {
    return runMeasured({ words, cwd, env: this.#env });
  }

  snap(...words: readonly string[]): Promise<RunCost> {
    return this.run([process.execPath, launcher, ...words]);
  }

  worker(work: StoreWork, number: number): Promise<RunCost> {
    const script = path.join(import.meta.dirname, "store-worker.ts");
    return this.run([process.execPath, script, work, this.at("snap/store"), String(number)]);
  }

  /** MiB that a program has stored, without the reserve. */
  size(tool: Tool): number {
    const folder = this.at(tool === "snap" ? "snap/store" : tool);
    const found = readdirSync(folder, { recursive: true, withFileTypes: true });
    const files = found.filter((entry) => entry.isFile() && entry.name !== "reserve");
    const blocks = files.map(
      ({ parentPath, name }) => lstatSync(path.join(parentPath, name)).blocks,
    );
    return blocks.reduce((sum, some) => sum + some, 0) / 2048;
  }
}

/** Each program's way to take a snapshot of a folder. */
function captures(stores: Stores, folder: string, run: number): readonly Timed[] {
  return [
    ["snap", () => stores.snap("capture", "--workspace", folder)],
    ["restic", () => stores.run(["restic", "backup", "-q", folder])],
    ["borg", () => stores.run(["borg", "create", "-C", "lz4", `::a${run}`, folder])],
  ];
}

type Timed = readonly [Tool, () => Promise<RunCost>];

/** Collects what each case costs each program over several runs; who is first goes round. */
class Board {
  readonly #runs = new Map<string, Map<Tool, RunCost[]>>();

  async take(what: string, tools: readonly Timed[], run: number): Promise<void> {
    const first = run % tools.length;
    for (const [tool, work] of [...tools.slice(first), ...tools.slice(0, first)]) {
      const byTool = this.#runs.get(what) ?? new Map<Tool, RunCost[]>();
      this.#runs.set(what, byTool);
      byTool.set(tool, [...(byTool.get(tool) ?? []), await work()]);
    }
  }

  print(what: string, aims: Partial<Record<Tool, string>>): void {
    const costs: Costs = Object.fromEntries(
      Array.from(this.#runs.get(what) ?? [], ([tool, runs]) => [tool, middle(runs)]),
    );
    const ours = costs.snap?.wall ?? Number.NaN;
    printFigure({ what, aim: "", measured: seconds(ours), note: inWords(costs.snap) });
    for (const tool of ["restic", "borg"] as const) {
      const theirs = costs[tool];
      if (theirs === undefined) continue;
      const measured = ratio(ours, theirs.wall);
      const note = `${seconds(theirs.wall)}, ${inWords(theirs)}`;
      printFigure({ what: `  beside ${tool}`, aim: aims[tool] ?? "", measured, note });
    }
  }
}

function inWords(cost: RunCost | undefined): string {
  return cost === undefined ? "" : `processor ${seconds(cost.cpu)}, ${cost.peak} MiB`;
}

/**
 * Each run has folders of its own, and all are removed in the end: where ext4 has no journal, each new file costs a look at every
 * inode that was given back in the last minutes, five seconds of the system for 20,000 files after as many were removed.
 */
async function benchTexts(top: string, { files, runs }: StoreSizes): Promise<void> {
  const folder = path.join(top, "texts");
  writeTexts(folder, files);
  const [first, same] = [`first capture, ${count(files)} files of text`, "  nothing changed"];
  const [proved, restored] = ["  verify --level 2 of these", "  full restore to an empty folder"];
  const board = new Board();
  let stores = new Stores(path.join(top, "stores-0"));
  for (let run = 0; run < runs; run += 1) {
    stores = new Stores(path.join(top, `stores-${run}`));
    await stores.empty();
    await runProgram("sync", []);
    await board.take(first, captures(stores, folder, 0), run);
    await board.take(same, captures(stores, folder, 1), run);
    await board.take(proved, proofs(stores), run);
    await board.take(restored, restores(stores), run);
  }
  board.print(first, { restic: "≤ 0.5 ×", borg: "≤ 1.0 ×" });
  printSizes(stores, "≤ 0.8 ×");
  board.print(same, { restic: "≤ 0.5 ×", borg: "≤ 0.5 ×" });
  board.print(proved, { restic: "≤ 1.0 ×" });
  board.print(restored, { restic: "≤ 0.7 ×", borg: "≤ 0.8 ×" });
}

function proofs(stores: Stores): readonly Timed[] {
  return [
    ["snap", () => stores.snap("verify", "--level", "2")],
    ["restic", () => stores.run(["restic", "check", "-q", "--read-data"])],
  ];
}

function restores(stores: Stores): readonly Timed[] {
  const [ours, theirs, others] = ["snap-out", "restic-out", "borg-out"].map((name) =>
    stores.at(name),
  );
  mkdirSync(others ?? "");
  return [
    ["snap", () => stores.snap("restore", "latest", "--all-workspaces", "--to", ours ?? "")],
    ["restic", () => stores.run(["restic", "restore", "-q", "latest", "--target", theirs ?? ""])],
    ["borg", () => stores.run(["borg", "extract", "::a0"], others)],
  ];
}

function printSizes(stores: Stores, aim: string): void {
  const [ours, restic, borg] = [stores.size("snap"), stores.size("restic"), stores.size("borg")];
  const note = `${ours.toFixed(0)} MiB beside ${restic.toFixed(0)}; borg ${borg.toFixed(0)}`;
  printFigure({ what: "  stored, beside restic", aim, measured: ratio(ours, restic), note });
}

async function benchBig(top: string, { big, runs }: StoreSizes): Promise<void> {
  const folder = path.join(top, "big");
  writeBig(folder, big);
  const what = `first capture, 4 files of ${big} MiB, half random`;
  const stores = new Stores(path.join(top, "stores"));
  const board = new Board();
  for (let run = 0; run < runs; run += 1) {
    await stores.empty();
    await board.take(what, captures(stores, folder, 0), run);
  }
  board.print(what, { restic: "≤ 0.7 ×" });
  printSizes(stores, "≤ 1.0 ×");
}

async function benchList(top: string, { snapshots, runs }: StoreSizes): Promise<void> {
  const stores = new Stores(path.join(top, "stores"));
  await stores.empty();
  await stores.worker("snapshots", snapshots);
  const times: RunCost[] = [];
  for (let run = 0; run < runs; run += 1) times.push(await stores.snap("list", "--all-workspaces"));
  const listed = middle(times);
  const plain: RunCost[] = [];
  for (let run = 0; run < runs; run += 1)
    plain.push(await stores.run([process.execPath, "-e", "0"]));
  printFigure({
    what: `snap list, ${count(snapshots)} snapshots`,
    aim: "≤ 150 ms",
    measured: `${listed.wall.toFixed(0)} ms`,
    note: `${inWords(listed)}; Node alone ${middle(plain).wall.toFixed(0)} ms`,
  });
}

async function benchSynthetic(top: string, files: number): Promise<void> {
  const run = (work: StoreWork, folder: string): Promise<MeasuredCommand> => {
    const script = path.join(import.meta.dirname, "store-worker.ts");
    const store = path.join(top, folder);
    const words = ["--max-old-space-size=384", script, work, store, String(files)];
    return runMeasured({ words: [process.execPath, ...words], cwd: top, env: {} });
  };
  const { wall, peak, said } = await run("synthetic", "synthetic");
  const what = `two captures and a diff, ${count(files)} files, made up`;
  printFigure({ what, aim: "≤ 512 MiB", measured: `${peak} MiB`, note: seconds(wall) });
  printFigure({
    what: "  the diff of 1,000 changes",
    aim: "≤ 1 s",
    measured: seconds(Number(said)),
  });
  await run("thin", "thin");
  const hydrated = await run("hydrate", "thin");
  printFigure({
    what: `snap hydrate, ${count(files)} files, made up`,
    aim: "≤ 512 MiB",
    measured: `${hydrated.peak} MiB`,
    note: seconds(hydrated.wall),
  });
}
