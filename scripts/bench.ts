/** Measure a part of the program and print a table: the aim, what was measured, and what the machine itself does. */
import { parseArgs } from "node:util";
import { benchDry } from "./bench-parts/dry.ts";
import { benchGuard } from "./bench-parts/guard.ts";
import { benchLocal } from "./bench-parts/local.ts";
import { benchMemory } from "./bench-parts/memory.ts";
import { benchRestore } from "./bench-parts/restore.ts";
import { benchStore } from "./bench-parts/store.ts";
import { benchServer } from "./bench-parts/server.ts";
import { benchSync } from "./bench-parts/sync.ts";
import { benchTransport } from "./bench-parts/transport.ts";

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    nodes: { type: "string", default: "1000000" },
    files: { type: "string", default: "1000000" },
    disk: { type: "string", default: "100000" },
    up: { type: "string", default: "100000" },
    dry: { type: "string", default: "100000" },
    mib: { type: "string", default: "1024" },
    gib: { type: "string", default: "4" },
    texts: { type: "string", default: "20000" },
    big: { type: "string", default: "256" },
    snapshots: { type: "string", default: "1000" },
    synthetic: { type: "string", default: "0" },
    runs: { type: "string", default: "5" },
    small: { type: "string", default: "10000" },
    large: { type: "string", default: "256" },
    same: { type: "string", default: "100000" },
    alone: { type: "boolean", default: false },
  },
});
const [part] = positionals;
const [nodes, files, disk] = [Number(values.nodes), Number(values.files), Number(values.disk)];
const [up, dry, gib] = [Number(values.up), Number(values.dry), Number(values.gib)];
const mib = Number(values.mib);
const store = {
  files: Number(values.texts),
  big: Number(values.big),
  snapshots: Number(values.snapshots),
  synthetic: Number(values.synthetic),
  runs: Math.max(1, Number(values.runs)),
};
const transport = {
  small: Number(values.small),
  large: Number(values.large),
  same: Number(values.same),
  beside: !values.alone,
};
const parts = new Map<string | undefined, () => Promise<void>>([
  ["server", () => benchServer(nodes)],
  ["sync", () => benchSync(files, disk)],
  ["local", () => benchLocal({ files: disk, bytes: Math.ceil(gib * 2 ** 30) })],
  ["guard", () => benchGuard()],
  ["restore", () => benchRestore(mib)],
  ["store", () => benchStore(store)],
  ["memory", () => benchMemory({ same: files, up, dry })],
  ["plan", () => benchDry(files)],
  ["transport", () => benchTransport(transport)],
]);
const bench = parts.get(part);
const isMuch = mib >= 4 && nodes >= 100_000 && disk >= 1_000 && gib > 0 && up >= 0 && dry >= 0;
const isTracked = files >= 1_000 || (part === "memory" && files === 0);
if (positionals.length !== 1 || bench === undefined || !isMuch || !isTracked) {
  console.error("usage: scripts/bench server [--nodes N, at least 100000]");
  console.error("       scripts/bench sync [--files N tracked] [--disk N on the disk]");
  console.error("       scripts/bench local [--disk N on the disk] [--gib N to hash]");
  console.error("       scripts/bench plan [--files N to be planned]");
  console.error("       scripts/bench guard");
  console.error(
    "       scripts/bench transport [--small N files] [--large MiB each] [--same N files] [--alone]",
  );
  console.error("       scripts/bench restore [--mib N that are spoilt, at least 4]");
  console.error(
    "       scripts/bench store [--texts N files] [--big MiB each] [--snapshots N listed]",
  );
  console.error(
    "                           [--synthetic N files, at least 1000] [--runs N]; 0 leaves a part out",
  );
  console.error(
    "       scripts/bench memory [--files N on both sides] [--up N that go up] [--dry N planned]",
  );
  console.error(
    "memory takes half an hour and more by default, less where the numbers are smaller;",
  );
  console.error("0 leaves a part of it out. 1,000,000 files take 8 GB of the disk below TMPDIR.");
  process.exit(2);
}
await bench();
