import { chmodSync, existsSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { git, Scratch } from "./repositories.ts";

describe("A13: nothing of a repository is run", () => {
  test.each(["auto", "git", "isomorphic-git", "none"] as const)(
    "with engine %s",
    async (engine) => {
      using scratch = new Scratch();
      const folder = scratch.base();
      const canary = join(scratch.root, "canary");
      const touch = `touch '${canary}'; echo`;
      for (const [name, value] of [
        ["core.fsmonitor", touch],
        ["core.hooksPath", join(folder, "hooks")],
        ["filter.x.clean", touch],
        ["filter.x.smudge", touch],
        ["filter.x.process", touch],
        ["filter.x.required", "true"],
        ["diff.x.textconv", touch],
        ["core.sshCommand", touch],
        ["include.path", join(folder, "more-config")],
        ["extensions.partialClone", "origin"],
        ["core.repositoryFormatVersion", "1"],
        ["remote.origin.promisor", "true"],
        ["remote.origin.url", `ext::sh -c "touch '${canary}'"`],
        ["protocol.ext.allow", "always"],
      ] as const) {
        git(folder, "config", "--file", join(folder, ".git/config"), name, value);
      }
      scratch.write(
        "more-config",
        `[filter "x"]\nclean = ${touch}\n[core]\nfsmonitor = ${touch}\n`,
      );
      scratch.write(".gitattributes", "* filter=x diff=x\n");
      for (const hook of ["post-index-change", "fsmonitor-watchman", "reference-transaction"]) {
        for (const place of ["hooks", ".git/hooks"]) {
          scratch.write(`${place}/${hook}`, `#!/bin/sh\n${touch}\n`);
          chmodSync(scratch.at(`${place}/${hook}`), 0o755);
        }
      }
      // A file that has to be read again, and a commit whose objects are not here.
      utimesSync(scratch.at("file1"), 1e9, 1e9);
      scratch.write(".git/refs/heads/missing", `${"a".repeat(40)}\n`);
      const before = scratch.fingerprint();
      const report = await scratch.check(scratch.top, { engine, deep: true });
      expect(report.findings).toHaveLength(1);
      expect(report.findings[0]?.atRisk).toBe(true);
      expect(existsSync(canary)).toBe(false);
      expect(scratch.fingerprint()).toBe(before);
    },
  );
});

test.each(["auto", "git", "isomorphic-git"] as const)(
  "A13: nothing that a submodule configures is run for its parent, with engine %s",
  async (engine) => {
    using scratch = new Scratch();
    const lib = scratch.base("lib");
    const folder = scratch.base("r");
    const add = ["submodule", "--quiet", "add", lib, "sub"];
    git(folder, "-c", "protocol.file.allow=always", ...add);
    git(folder, "commit", "-q", "-m", "sub");
    const canary = join(scratch.root, "canary");
    git(join(folder, "sub"), "config", "core.fsmonitor", `touch '${canary}'; echo`);
    scratch.write("r/sub/file1", "changed");
    const before = scratch.fingerprint();
    const report = await scratch.check(scratch.top, { engine });
    expect(report.findings.map(({ path }) => path)).toEqual(["lib", "r", "r/sub"]);
    expect(report.findings[1]?.facts?.submodules).toEqual([{ name: "sub", path: "sub" }]);
    expect(existsSync(canary)).toBe(false);
    expect(scratch.fingerprint()).toBe(before);
    git(folder, "status");
    expect(existsSync(canary), "git by itself would have run it").toBe(true);
  },
);
