/** Measure a part of the program and print a table: the aim, what was measured, and what the machine itself does. */
import { parseArgs } from "node:util";
import { benchServer } from "./bench-parts/server.ts";

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { nodes: { type: "string", default: "1000000" } },
});
const nodes = Number(values.nodes);
if (positionals[0] !== "server" || positionals.length !== 1 || !(nodes >= 100_000)) {
  console.error("usage: scripts/bench server [--nodes N, at least 100000]");
  process.exit(2);
}
await benchServer(nodes);
