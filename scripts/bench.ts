/** Measure a part of the program and print a table: the aim, what was measured, and what the machine itself does. */
import { parseArgs } from "node:util";
import { benchLocal } from "./bench-parts/local.ts";
import { benchServer } from "./bench-parts/server.ts";
import { benchSync } from "./bench-parts/sync.ts";

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    nodes: { type: "string", default: "1000000" },
    files: { type: "string", default: "1000000" },
    disk: { type: "string", default: "100000" },
    gib: { type: "string", default: "4" },
  },
});
const [part] = positionals;
const numbers = [Number(values.nodes), Number(values.files), Number(values.disk)] as const;
const [nodes, files, disk] = numbers;
const gib = Number(values.gib);
const parts = new Set(["server", "sync", "local"]);
const isSane = positionals.length === 1 && nodes >= 100_000 && files >= 1_000 && disk >= 1_000;
if (!isSane || part === undefined || !parts.has(part) || !(gib > 0)) {
  console.error("usage: scripts/bench server [--nodes N, at least 100000]");
  console.error("       scripts/bench sync [--files N tracked] [--disk N on the disk]");
  console.error("       scripts/bench local [--disk N on the disk] [--gib N to hash]");
  process.exit(2);
}
if (part === "server") await benchServer(nodes);
else if (part === "local") await benchLocal({ files: disk, bytes: Math.ceil(gib * 2 ** 30) });
else await benchSync(files, disk);
