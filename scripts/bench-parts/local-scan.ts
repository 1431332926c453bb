import { joinPath, topPath, type RelPath } from "../../src/core/path/rel-path.ts";
import type { LocalSide } from "../../src/ports.ts";
import { count, medianMs, milliseconds, printFigure, ratio, runProgram } from "./table.ts";

const rounds = 3;

/** A scan of everything, without an index, beside `find`. */
export async function benchScan(side: LocalSide, files: number): Promise<void> {
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
    runProgram("find", [side.top, "-printf", "%p %s %T@ %C@ %i\n"]),
  );
  printFigure({ what: `scan of ${count(files)} files`, aim: "", measured: milliseconds(scanned) });
  printFigure({
    what: "  beside find -printf",
    aim: "2 ×",
    measured: ratio(scanned, found),
    note: milliseconds(found),
  });
}
