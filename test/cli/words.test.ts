import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { Box, launcher } from "../support/snap-process.ts";

async function captured(): Promise<Box> {
  const box = new Box();
  box.write("a", "1");
  box.write("b", "1");
  box.write("-x", "1");
  await box.expectExit(0, "login", "--local");
  await box.expectExit(0, "link", box.workspace, "/w");
  await box.expectExit(0, "sync");
  await box.expectExit(0, "capture", "--label", "S");
  for (const file of ["a", "b", "-x"]) box.write(file, "2");
  box.write("new", "2");
  return box;
}

test("T10: words behind -- name paths, and nothing else is restored", async () => {
  using box = await captured();
  await box.expectExit(0, "restore", "S", "--yes", "--", "-x");
  expect(box.tree()).toEqual({ a: "2", b: "2", "-x": "1", new: "2" });
  await box.expectExit(0, "restore", "--yes", "--", "S", "a");
  expect(box.tree()).toEqual({ a: "1", b: "2", "-x": "1", new: "2" });
  await box.expectExit(2, "sync", "--", "a");
});

test("an option given twice, or empty, is refused and nothing is done", async () => {
  using box = await captured();
  const before = box.tree();
  for (const words of [
    ["capture", "--label", "x", "--label", "y"],
    ["sync", "--workspace", box.workspace, "--workspace", "/elsewhere"],
    ["sync", "--workspace", ""],
    ["restore", "S", "--yes", ""],
    ["restore", "S", "--yes", "--on-unsaved", "keep", "--on-unsaved", "keep"],
    ["restore", "S", "--yes", "--on-unsaved"],
    ["restore", "S", "--yes", "--server-side", "sometimes"],
    ["restore", "S", "--to", `${box.workspace}-copy`, "--server-side", "never"],
    ["link", "--repos", "exclude", "--repos", "exclude"],
    ["guard", "override", "--reason", "long enough text", "--reason", "long enough text"],
  ]) {
    const ended = await box.expectExit(2, ...words);
    expect(ended.stderr).toMatch(/^Error: /);
  }
  expect(box.tree()).toEqual(before);
  expect((await box.expectExit(0, "list", "--json")).events).toHaveLength(2);
});

test("a label that means something else is refused", async () => {
  using box = new Box();
  for (const label of ["latest", "latest~1", "local", "@yesterday", " ", "a\nb", "x".repeat(300)]) {
    await box.expectExit(2, "capture", "--label", label);
  }
});

test("the login to Dropbox takes the key from the option, and its code from standard input", async () => {
  using box = new Box();
  const ended = await box.snap(["login", "--app-key", "key"], { input: "" });
  expect(ended.code).toBe(3);
  expect(ended.stdout).toContain("client_id=key");
  await box.expectExit(2, "login", "--app-key", "key", "--local");
});

test("a reader that goes away stops the output, not the work", async () => {
  using box = await captured();
  const ended = spawnSync(
    "sh",
    ["-c", `"${process.execPath}" "${launcher}" restore S --yes --json | head -n 1 >/dev/null`],
    { cwd: box.workspace, env: { ...process.env, SNAP_HOME: box.home } },
  );
  expect(ended.status).toBe(0);
  expect(box.tree()).toEqual({ a: "1", b: "1", "-x": "1" });
});

test.each(["list", "ls S", "cat S a", "export S -"])(
  "a full disk behind the output of %s ends with 7, and is told in one line",
  async (words) => {
    using box = await captured();
    const line = `"${process.execPath}" "${launcher}" ${words} >/dev/full`;
    const ended = spawnSync("sh", ["-c", line], {
      cwd: box.workspace,
      encoding: "utf8",
      env: { ...process.env, SNAP_HOME: box.home, NO_COLOR: "1", FORCE_COLOR: undefined },
    });
    expect(ended.status).toBe(7);
    expect(ended.stderr).toMatch(/^Error: The (?:output|archive) is cut off: .+ENOSPC\)\n$/u);
  },
);

test("from a folder that was removed it says so in one line", () => {
  using box = new Box();
  const gone = path.join(box.top, "gone");
  mkdirSync(gone);
  const ended = spawnSync(
    "sh",
    ["-c", `cd "${gone}" && rmdir "${gone}" && "${process.execPath}" "${launcher}" version`],
    { encoding: "utf8" },
  );
  expect(ended.status).toBe(7);
  expect(ended.stderr.trim().split("\n")).toHaveLength(1);
});

test("S117: unlinking and linking again, here or elsewhere, is no rollback", async () => {
  using box = await captured();
  const tree = box.tree();
  for (const remote of ["/w", "/v"]) {
    await box.expectExit(0, "sync");
    await box.expectExit(0, "unlink");
    await box.expectExit(0, "link", box.workspace, remote);
    await box.expectExit(0, "sync");
    expect(box.tree()).toEqual(tree);
  }
  await box.expectExit(0, "unlink");
  rmSync(path.join(box.workspace, ".snap"), { recursive: true });
  await box.expectExit(0, "link", box.workspace, "/v");
  await box.expectExit(0, "sync");
  expect(box.tree()).toEqual(tree);
});
