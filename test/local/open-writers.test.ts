import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openWriters } from "../../src/local/open-writers.ts";

const opener = `const fs = require("fs");
fs.openSync("written", "a"); fs.openSync("both", "r+"); fs.openSync("read", "r");
console.log("open"); process.stdin.resume();`;

test.runIf(process.platform === "linux")(
  "T33: a file that another process has open for writing is told, one that is read is not",
  async () => {
    const top = realpathSync(mkdtempSync(join(tmpdir(), "snap-writers-")));
    for (const name of ["written", "both", "read"]) writeFileSync(join(top, name), "");
    const child = spawn(process.execPath, ["-e", opener], { cwd: top, stdio: "pipe" });
    try {
      await once(child.stdout, "data");
      const found = openWriters(top).toSorted((a, b) => a.path.localeCompare(b.path));
      expect(found.map(({ path }) => path)).toEqual([join(top, "both"), join(top, "written")]);
      expect(new Set(found.map(({ pid }) => pid))).toEqual(new Set([child.pid]));
      expect(openWriters(`${top}x`)).toEqual([]);
    } finally {
      child.stdin.end();
      await once(child, "exit");
      rmSync(top, { recursive: true, force: true });
    }
  },
);
