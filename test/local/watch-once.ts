/** Watches the folder that is named, changes a file in it, says what is told of that, and ends. */
import { writeFileSync } from "node:fs";
import { openWatcher } from "../../src/local/watch.ts";
import { systemClock } from "../../src/std/time.ts";

const [, , top = ""] = process.argv;
const changed = Promise.withResolvers<readonly string[]>();
const watching = await openWatcher({ top, clock: systemClock }).start({
  changed: changed.resolve,
  below: () => {},
  lost: (reason) => changed.reject(new Error(reason)),
});
console.log(watching.coverage, watching.folders);
writeFileSync(`${top}/open/file`, "x");
console.log((await changed.promise).join(" "));
await watching[Symbol.asyncDispose]();
