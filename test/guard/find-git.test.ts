import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { findGit, findProgram } from "../../src/guard/shadow-git.ts";
import { fixedClock, Scratch } from "./repositories.ts";

const clock = fixedClock;

describe("G33: the program", () => {
  test("is taken from PATH, with its version", async () => {
    using scratch = new Scratch();
    const found = await findGit(process.env["PATH"], { outside: scratch.top, clock });
    expect(found?.version).toMatch(/^\d+\.\d+/u);
    expect(found?.file).toMatch(/^\//u);
  });

  test("is never taken from the workspace, nor from a relative part of PATH", () => {
    using scratch = new Scratch();
    const bin = scratch.folder("bin");
    scratch.write("bin/git", "#!/bin/sh\n");
    chmodSync(join(bin, "git"), 0o755);
    const outside = join(scratch.root, "bin");
    mkdirSync(outside);
    symlinkSync(join(bin, "git"), join(outside, "git"));
    expect(findProgram("git", `bin:.:${bin}:${outside}`, scratch.top)).toBeUndefined();
    expect(findProgram("git", bin, join(scratch.root, "elsewhere"))).toBe(join(bin, "git"));
    expect(findProgram("git", undefined, scratch.top)).toBeUndefined();
  });

  test("is not used when it is too old, or no git", async () => {
    using scratch = new Scratch();
    const bin = join(scratch.root, "bin");
    mkdirSync(bin);
    for (const says of ["git version 2.29.9", "something else"]) {
      writeFileSync(join(bin, "git"), `#!/bin/sh\necho ${says}\n`, { mode: 0o755 });
      expect(await findGit(bin, { outside: scratch.top, clock })).toBeUndefined();
    }
    writeFileSync(join(bin, "git"), "#!/bin/sh\necho git version 3.0.1\n", { mode: 0o755 });
    expect((await findGit(bin, { outside: scratch.top, clock }))?.version).toBe("3.0.1");
  });
});
