import { execFileSync } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  openSync,
  closeSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { joinPath, parseRelPath, topPath, type RelPath } from "../../src/core/path/rel-path.ts";
import { openLocalSide } from "../../src/local/local-side.ts";
import { openWatcher } from "../../src/local/watch.ts";
import type { LocalSide } from "../../src/ports.ts";
import { systemRng } from "../../src/std/random.ts";
import { systemClock } from "../../src/std/time.ts";
import { medianMs, printFigure, timeMs } from "./table.ts";

const filesInFolder = 100;
const pieceBytes = 16 * 1024 * 1024;
const rounds = 3;

/** How much there is to measure with. */
export type LocalSizes = {
  /** Files in the folder that is scanned and watched. */
  readonly files: number;
  /** Bytes of the one file that is hashed. */
  readonly bytes: number;
};

/** What the disk of a workspace costs, beside the system's own programs, in one run. */
export async function benchLocal({ files, bytes }: LocalSizes): Promise<void> {
  const top = mkdtempSync(path.join(tmpdir(), "snap-bench-"));
  try {
    printFigure({ what: "what", aim: "aim", measured: "measured" });
    const side = openLocalSide({ top, clock: systemClock, rng: systemRng });
    makeFiles(top, files);
    await benchScan(side, files);
    await benchWatch(top, files);
    await benchHash(side, bytes);
  } finally {
    rmSync(top, { recursive: true, force: true });
  }
}

function makeFiles(top: string, files: number): void {
  for (let file = 0; file < files; file += 1) {
    const folder = path.join(top, `d${Math.floor(file / filesInFolder)}`);
    if (file % filesInFolder === 0) mkdirSync(folder);
    writeFileSync(path.join(folder, `document number ${file}.txt`), `${file}`);
  }
}

async function benchScan(side: LocalSide, files: number): Promise<void> {
  const scan = async (): Promise<void> => {
    const waiting: RelPath[] = [topPath];
    for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
      for (const { kind, name } of (await side.list(at)).entries) {
        if (kind === "folder") waiting.push(joinPath(at, name));
      }
    }
  };
  await scan();
  const scanned = await medianMs(rounds, scan);
  const found = await medianMs(rounds, () =>
    run("find", [side.top, "-printf", "%p %s %T@ %C@ %i\n"]),
  );
  printFigure({ what: `scan of ${count(files)} files`, aim: "", measured: milliseconds(scanned) });
  printFigure({
    what: "  beside find -printf",
    aim: "2 ×",
    measured: ratio(scanned, found),
    note: milliseconds(found),
  });
}

async function benchWatch(top: string, files: number): Promise<void> {
  const before = watchesOfProcess();
  const memory = process.memoryUsage.rss();
  const marked = Promise.withResolvers<void>();
  const marks = { changed: () => marked.resolve(), below: () => {}, lost: () => {} };
  const startedAt = performance.now();
  await using watching = await openWatcher({ top, clock: systemClock }).start(marks);
  const started = performance.now() - startedAt;
  if (watching.coverage === "none") throw new Error(`Nothing is watched: ${watching.reason ?? ""}`);
  const title = `watch of ${count(files)} files in ${count(watching.folders)} folders`;
  printFigure({ what: title, aim: "", measured: milliseconds(started) });
  const used = watchesOfProcess() - before;
  printFigure({ what: "  inotify watches used", aim: "one a folder", measured: count(used) });
  const more = process.memoryUsage.rss() - memory;
  printFigure({ what: "  memory", aim: "", measured: `${(more / 2 ** 20).toFixed(0)} MiB` });
  const told = await timeMs(async () => {
    writeFileSync(path.join(top, "d0", "saved"), "x");
    await marked.promise;
  });
  printFigure({ what: "  from a save to its mark", aim: "", measured: milliseconds(told) });
}

/** As the system counts them, of all inotify handles of this process. */
function watchesOfProcess(): number {
  const handles = readdirSync("/proc/self/fdinfo").map((handle) => infoOf(handle));
  return handles.join("").match(/^inotify /gmu)?.length ?? 0;
}

function infoOf(handle: string): string {
  try {
    return readFileSync(`/proc/self/fdinfo/${handle}`, "utf8");
  } catch {
    // The handle that read the list is closed by now.
    return "";
  }
}

async function benchHash(side: LocalSide, bytes: number): Promise<void> {
  const name = "large";
  makeLarge(path.join(side.top, name), bytes);
  const hash = async (): Promise<void> => void (await side.hash(parseRelPath(name)));
  const openssl = (): Promise<void> =>
    run("openssl", ["dgst", "-sha256", path.join(side.top, name)]);
  await openssl();
  const ours = await medianMs(rounds, hash);
  const theirs = await medianMs(rounds, openssl);
  const title = `hash of ${(bytes / 2 ** 30).toFixed(2)} GiB`;
  printFigure({ what: title, aim: "", measured: speed(bytes, ours) });
  printFigure({
    what: "  beside openssl dgst",
    aim: "1 ×",
    measured: ratio(ours, theirs),
    note: speed(bytes, theirs),
  });
}

function makeLarge(file: string, bytes: number): void {
  const piece = systemRng.bytes(65_536);
  const pieces = Buffer.alloc(pieceBytes, piece);
  const fd = openSync(file, "wx");
  for (let left = bytes; left > 0; left -= pieceBytes) {
    writeSync(fd, pieces, 0, Math.min(left, pieceBytes));
  }
  closeSync(fd);
}

function run(program: string, words: readonly string[]): Promise<void> {
  execFileSync(program, words, { stdio: "ignore" });
  return Promise.resolve();
}

function count(number: number): string {
  return number.toLocaleString("en");
}

function milliseconds(time: number): string {
  return `${time.toFixed(0)} ms`;
}

function ratio(ours: number, theirs: number): string {
  return `${(ours / theirs).toFixed(2)} ×`;
}

function speed(bytes: number, time: number): string {
  return `${(bytes / 2 ** 20 / (time / 1000)).toFixed(0)} MiB/s`;
}
