import { describe, expect, test } from "vitest";
import { copy, find, codes, rev } from "./damaged.ts";
import { git, now, Scratch } from "./repositories.ts";
import { describeFinding } from "../../src/guard/finding-text.ts";

test("A11: a conflicted copy of a ref at a commit that is reachable: damage, no branch, nothing to rescue", async () => {
  using scratch = new Scratch();
  scratch.base();
  scratch.write(`.git/refs/heads/${copy}`, `${rev(scratch, "HEAD~1")}\n`);
  const finding = await find(scratch);
  const { damage, facts } = finding;
  expect(codes(damage)).toEqual(["conflict-copy-ref"]);
  expect(damage[0]).toMatchObject({ tier: 1, path: `refs/heads/${copy}`, severity: "damage" });
  expect(damage[0]).not.toHaveProperty("rescuableOid");
  expect(JSON.stringify(facts)).not.toContain("conflicted copy");
  expect(describeFinding(finding, now)).toContain("damaged: conflict-copy-ref; main:");
});

describe("G42: what only a copy knows of can be rescued", () => {
  function lostCommit(scratch: Scratch): string {
    scratch.base();
    scratch.commit(scratch.top, "lost");
    const oid = rev(scratch, "HEAD");
    git(scratch.top, "reset", "-q", "--hard", "HEAD~1");
    return oid;
  }

  test.each([
    ["Dropbox", copy],
    ["Syncthing", "main.sync-conflict-20240501-101112-ABCDEFG"],
    ["Nextcloud", "main (conflicted copy 2024-05-01 101112)"],
    ["Google Drive", "main (1)"],
    ["iCloud", "main 2"],
    ["OneDrive", "main-DESKTOP-AB12CD3"],
    ["Resilio", "main.Conflict"],
    ["another language", "main (in Konflikt stehende Kopie von HOST)"],
  ])("a ref copied by %s", async (_, name) => {
    using scratch = new Scratch();
    const oid = lostCommit(scratch);
    scratch.write(`.git/refs/heads/${name}`, `${oid}\n`);
    const { damage, facts } = await find(scratch);
    expect(codes(damage)).toEqual(["conflict-copy-ref"]);
    expect(damage[0]?.rescuableOid).toBe(oid);
    expect(facts?.work.unpushed.branches.map((branch) => branch.name)).not.toContain(name);
  });

  test("is listed first, before other damage", async () => {
    using scratch = new Scratch();
    const oid = lostCommit(scratch);
    scratch.write(".git/objects/desktop.ini", "");
    scratch.write(`.git/refs/heads/a/${copy}`, `${rev(scratch, "HEAD")}\n`);
    scratch.write(
      `.git/packed-refs (HOST's conflicted copy 2024-05-01)`,
      `${oid} refs/heads/main\n`,
    );
    const { damage } = await find(scratch);
    expect(damage.map(({ code }) => code)).toEqual([
      "conflict-copy-file",
      "conflict-copy-ref",
      "junk-file",
    ]);
    expect(damage.map(({ rescuableOid }) => rescuableOid)).toEqual([oid, undefined, undefined]);
  });

  test("the end of a copied reflog counts", async () => {
    using scratch = new Scratch();
    const oid = lostCommit(scratch);
    scratch.write(
      `.git/logs/refs/heads/${copy}`,
      `${rev(scratch, "HEAD")} ${oid} A <a@b> 1 +0000\tx\n`,
    );
    const { damage } = await find(scratch);
    expect(damage).toMatchObject([{ code: "conflict-copy-file", rescuableOid: oid }]);
  });

  test("a ref that an older version came back over is a hint, with the commit it lost", async () => {
    using scratch = new Scratch();
    scratch.base();
    const [oid, older] = [rev(scratch, "HEAD"), rev(scratch, "HEAD~1")];
    scratch.write(".git/refs/heads/main", `${older}\n`);
    const { damage } = await find(scratch);
    expect(damage).toMatchObject([{ code: "reflog-ahead", severity: "hint", rescuableOid: oid }]);
  });
});
