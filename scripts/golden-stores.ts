/**
 * Makes `fixtures/stores/1/NAME/` and `fixtures/stores/1/NAME.json` for the names given, all if none is: run it with Node from the top of
 * the project. Only for new kinds of store: those that are there are what every later version must read, and are never made again.
 */
import { cpSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { makers, toldBy } from "../test/snapshot/golden-stores.ts";
import { ScratchStore } from "../test/snapshot/scratch-store.ts";

const fixtures = path.join(import.meta.dirname, "../fixtures/stores/1");
const wanted = process.argv.slice(2);

for (const [name, make] of Object.entries(makers)) {
  const target = path.join(fixtures, name);
  if (existsSync(target) || (wanted.length > 0 && !wanted.includes(name))) continue;
  using scratch = new ScratchStore();
  await make(scratch, await scratch.open());
  mkdirSync(fixtures, { recursive: true });
  cpSync(scratch.top, target, { recursive: true });
  const told = await toldBy(await scratch.open());
  writeFileSync(`${target}.json`, `${JSON.stringify(told, undefined, 1)}\n`);
}
