/** Loaded before the program: names on stderr every file that it loads as a module. */
import { registerHooks } from "node:module";
import { writeSync } from "node:fs";

registerHooks({
  load(url, context, nextLoad) {
    if (url.startsWith("file:")) writeSync(2, `loaded ${url}\n`);
    return nextLoad(url, context);
  },
});
