import { pathKeyOf } from "../../src/core/path/path-key.ts";
import { openIndex } from "../../src/state/database.ts";
import { systemClock } from "../../src/std/time.ts";

/** Run as a process of its own: puts far more over a tree than fits into memory for it, says so, and waits to be killed. */
const rows = 200_000;

using open = openIndex(process.argv[2] ?? "", { clock: systemClock });
using covers = open.index.covers();
const key = pathKeyOf("name");
for (let node = 1; node <= rows; node += 1) {
  covers.local.put({ node, parent: 0, kind: "file", name: "name", key, hash: "ab", size: 1 });
}
process.send?.("covered");
// The channel keeps the process alive until it is killed.
process.on("message", () => {});
