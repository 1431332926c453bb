import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setFlagsFromString } from "node:v8";
import { contentHashOf } from "../../src/core/tree/content-hash.ts";
import { pathKeyOf } from "../../src/core/path/path-key.ts";
import { rootNode, type NodeId } from "../../src/core/tree/node.ts";
import { planDry } from "../../src/engine/dry-run.ts";
import { observeBoth } from "../../src/engine/observe.ts";
import type { IndexStore } from "../../src/ports.ts";
import { openIndex } from "../../src/state/database.ts";
import { systemClock } from "../../src/std/time.ts";
import { LinkedWorkspace } from "../../test/engine/linked-workspace.ts";
import { count, printFigure, seconds, timeMs } from "./table.ts";

const filesInFolder = 500;
const rowsAtOnce = 10_000;

/**
 * S106, S107: memory of a plan of very many changes that is only looked at. They are rows of a real index: every second file is on
 * the disk alone and would go up, the others are on both sides and would be found equal.
 */
export async function benchDry(files: number): Promise<void> {
  tidyOften();
  const folder = mkdtempSync(path.join(tmpdir(), "snap-bench-"));
  try {
    await using workspace = await LinkedWorkspace.open();
    const observed = await observeBoth(workspace.deps, {});
    using opened = openIndex(path.join(folder, "index.db"), { clock: systemClock });
    const { index } = opened;
    const written = await timeMs(() => Promise.resolve(fill(index, files)));
    const told = `${count(files)} files that only the index knows`;
    printFigure({ what: "what", aim: "aim", measured: "measured" });
    printFigure({ what: told, aim: "", measured: peakMemory(), note: seconds(written) });
    let ops = 0;
    const onOps = (more: readonly unknown[]): void => {
      ops += more.length;
    };
    const took = await timeMs(
      async () => void (await planDry({ ...workspace.deps, index }, observed, { onOps })),
    );
    const what = `  dry run of ${count(ops)} ops`;
    printFigure({ what, aim: "≤ 512 MiB", measured: peakMemory(), note: seconds(took) });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** As the launcher does before the program. */
function tidyOften(): void {
  setFlagsFromString("--semi-space-growth-factor=1");
  setFlagsFromString("--heap-growing-percent=50");
}

function fill(index: IndexStore, files: number): void {
  let here: NodeId = 0;
  let there: NodeId = 0;
  for (let first = 0; first < files; first += rowsAtOnce) {
    index.transaction(() => {
      for (let file = first; file < Math.min(first + rowsAtOnce, files); file += 1) {
        if (file % filesInFolder === 0) {
          const folder = { parent: rootNode, name: `folder ${file}`, hash: "" };
          [here, there] = [putHere(index, folder), putThere(index, folder)];
        }
        const name = `document number ${file}.txt`;
        const hash = contentHashOf(Buffer.from(name));
        putHere(index, { parent: here, name, hash });
        if (file % 2 === 0) putThere(index, { parent: there, name, hash });
      }
    });
  }
}

type Wanted = { readonly parent: NodeId; readonly name: string; readonly hash: string };

function putHere(index: IndexStore, wanted: Wanted): NodeId {
  const node = index.newNode();
  const seen = { fileId: `${node} 1`, stamp: `5 ${node} ${node}`, trusted: true };
  index.local.put({ node, ...facts(wanted), ...seen, absentAt: undefined });
  return node;
}

function putThere(index: IndexStore, wanted: Wanted): NodeId {
  const node = index.newNode();
  const rev = wanted.hash === "" ? "" : `r${node}`;
  const seen = { remoteId: `id:${node}`, rev, modified: 0, scope: "in" } as const;
  index.remote.put({ node, ...facts(wanted), ...seen });
  return node;
}

function facts({ parent, name, hash }: Wanted) {
  const kind = hash === "" ? ("folder" as const) : ("file" as const);
  return { parent, name, key: pathKeyOf(name), kind, hash, size: 16 };
}

/** Of this process, since it began. */
function peakMemory(): string {
  return `${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MiB`;
}
