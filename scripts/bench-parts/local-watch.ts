import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { openWatcher } from "../../src/local/watch.ts";
import { systemClock } from "../../src/std/time.ts";
import { count, milliseconds, printFigure, timeMs } from "./table.ts";

/** What it takes to watch a folder, and how soon a change is told. */
export async function benchWatch(top: string, files: number): Promise<void> {
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
