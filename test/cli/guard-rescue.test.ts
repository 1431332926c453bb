import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { git } from "../guard/repositories.ts";
import { Box } from "../support/snap-process.ts";

const copy = "main (HOST's conflicted copy 2024-05-01)";

/** A repository that lost its newest commit; a conflicted copy of the branch still names it. */
function damaged(folder: string): string {
  mkdirSync(folder, { recursive: true });
  git(folder, "init", "-q", "-b", "main");
  for (const name of ["first", "lost"]) {
    writeFileSync(path.join(folder, name), name);
    git(folder, "add", ".");
    git(folder, "commit", "-qm", name);
  }
  const oid = git(folder, "rev-parse", "HEAD").trim();
  git(folder, "reset", "-q", "--hard", "HEAD~1");
  writeFileSync(path.join(folder, ".git/refs/heads", copy), `${oid}\n`);
  return oid;
}

test("G42: a check tells of a lost commit with 5, a rescue saves it, and Git fetches it", async () => {
  using box = new Box();
  const folder = path.join(box.workspace, "thesis");
  const oid = damaged(folder);
  const checked = await box.expectExit(5, "guard", "check", box.workspace);
  expect(checked.stdout).toContain("conflict-copy-ref");
  expect(checked.stdout).toContain(oid);
  expect(checked.stdout).toContain("snap guard rescue");
  const events = (await box.expectExit(5, "guard", "check", box.workspace, "--deep", "--json"))
    .stdout;
  const finding: unknown = JSON.parse(events.split("\n")[1] ?? "");
  expect(finding).toMatchObject({
    damage: [{ code: "conflict-copy-ref", tier: 1, severity: "damage", rescuableOid: oid }],
    integrity: { structure: { checked: "all" }, connectivity: { checked: "all" } },
  });

  const out = path.join(box.top, "rescued.bundle");
  const tried = await box.expectExit(0, "guard", "rescue", folder, "--out", out, "--dry-run");
  expect(tried.stdout).toContain("could be saved");
  expect(existsSync(out)).toBe(false);
  const saved = await box.expectExit(0, "guard", "rescue", folder, "--out", out);
  expect(saved.stdout).toContain("Saved 1 lost commit");
  expect(saved.stdout).toContain("refs/rescue/*:refs/rescue/*");
  const again = await box.expectExit(3, "guard", "rescue", folder, "--out", out);
  expect(again.stderr).toContain("is there already");
  expect(saved.stdout).toContain("remove them first");
  rmSync(path.join(folder, ".git/refs/heads", copy));
  git(folder, "fetch", "-q", out, "refs/rescue/*:refs/rescue/*");
  expect(git(folder, "rev-parse", `refs/rescue/1-${oid.slice(0, 8)}`).trim()).toBe(oid);
  const rest = await box.expectExit(0, "guard", "rescue", folder, "--dry-run", "--json");
  expect(JSON.parse(rest.stdout)).toMatchObject({ type: "result", tips: 0, left: 0, exit: 0 });
});

test("G42: a rescue is refused without a file, into the repository, without Git, of what is none", async () => {
  using box = new Box();
  damaged(box.workspace);
  const out = path.join(box.top, "x.bundle");
  expect((await box.expectExit(2, "guard", "rescue", box.workspace)).stderr).toContain("--out");
  for (const inside of ["x.bundle", ".git/x.bundle"]) {
    const file = path.join(box.workspace, inside);
    const ended = await box.expectExit(2, "guard", "rescue", box.workspace, "--out", file);
    expect(ended.stderr).toContain("lies in the repository");
  }
  await box.expectExit(2, "guard", "rescue", box.top, "--out", out);
  const bare = await box.snap(["guard", "rescue", box.workspace, "--out", out], {
    env: { PATH: "/nowhere" },
  });
  expect([bare.code, bare.stderr]).toEqual([3, expect.stringContaining("No Git was found")]);
  expect(readdirSync(box.top)).not.toContain("x.bundle");
});
