import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { openLocalSide } from "../../src/local/local-side.ts";
import { systemRng } from "../../src/std/random.ts";
import { systemClock } from "../../src/std/time.ts";
import { benchHash } from "./local-hash.ts";
import { benchSave } from "./local-save.ts";
import { benchScan } from "./local-scan.ts";
import { benchStatus } from "./local-status.ts";
import { benchWatch } from "./local-watch.ts";
import { printFigure } from "./table.ts";

const filesInFolder = 100;

/** How much there is to measure with. */
export type LocalSizes = {
  /** Files in the folder that is scanned and watched. */
  readonly files: number;
  /** Bytes of the one file that is hashed. */
  readonly bytes: number;
};

/** What a workspace and its background process cost on this machine, beside the system's own programs, in one run. */
export async function benchLocal({ files, bytes }: LocalSizes): Promise<void> {
  const top = mkdtempSync(path.join(tmpdir(), "snap-bench-"));
  try {
    printFigure({ what: "what", aim: "aim", measured: "measured" });
    await benchStatus();
    await benchSave();
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
