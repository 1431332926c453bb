import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { Box } from "../support/snap-process.ts";

test("N50: level 5 restores into a spare folder, compares, and leaves nothing there", async () => {
  using box = new Box();
  box.write("a.txt", "one");
  box.write("locked/b.txt", "two");
  symlinkSync("a.txt", path.join(box.workspace, "link"));
  chmodSync(path.join(box.workspace, "a.txt"), 0o400);
  utimesSync(path.join(box.workspace, "a.txt"), 1_600_000_000.5, 1_600_000_000.5);
  lutimesSync(path.join(box.workspace, "link"), 5, 5);
  chmodSync(path.join(box.workspace, "locked"), 0o555);
  await box.expectExit(0, "capture", "--label", "good");
  chmodSync(path.join(box.workspace, "locked"), 0o755);
  // What a drill that was killed left behind goes with the next one.
  const drill = path.join(box.home, "drill");
  mkdirSync(path.join(drill, "files", "old"), { recursive: true, mode: 0o700 });
  chmodSync(drill, 0o700);
  writeFileSync(path.join(drill, "files", "old", "x"), "x");
  chmodSync(path.join(drill, "files", "old"), 0o000);
  for (const words of [[], ["--all"]]) {
    const { events } = await box.expectExit(
      0,
      "verify",
      "good",
      "--level",
      "5",
      ...words,
      "--json",
    );
    expect(events.at(-1)).toMatchObject({
      exit: 0,
      different: 0,
      drill: { files: 3, bytes: 6, passed: 0 },
    });
    expect(existsSync(path.join(drill, "files"))).toBe(false);
  }
  expect(statSync(drill).mode & 0o777).toBe(0o700);
  expect(readdirSync(drill).every((name) => name.startsWith("lock"))).toBe(true);
});

test("N50: level 5 restores repositories whole, and checks them", async () => {
  using box = new Box();
  box.write("deep/project/a.txt", "one");
  const git = (...words: readonly string[]): void => {
    const who = ["-c", "user.name=n", "-c", "user.email=n@example.org"];
    const cwd = path.join(box.workspace, "deep/project");
    execFileSync("git", [...who, ...words], { cwd });
  };
  git("init", "-q");
  git("add", "a.txt");
  git("commit", "-qm", "one");
  await box.expectExit(0, "capture");
  for (const words of [[], ["--all"]]) {
    const all = ["verify", "latest", "--level", "5", "--json", ...words];
    const { events } = await box.expectExit(0, ...all);
    const { drill } = events.at(-1) ?? {};
    expect(drill).toMatchObject({ passed: 0 });
    expect(JSON.stringify(drill)).toMatch(/"files":\d{2}/u);
  }
});

test("N50: --rehash finds what a trusted row of the index hides", async () => {
  using box = new Box();
  await box.expectExit(0, "login", "--local");
  box.write("a.txt", "one");
  await box.expectExit(0, "link", box.workspace, "/w");
  await box.expectExit(0, "sync");
  await box.expectExit(0, "capture", "--label", "good");
  await box.expectExit(0, "verify", "good", "--level", "3", "--rehash");
  box.write("a.txt", "two");
  const { events } = await box.snap(["verify", "good", "--level", "3", "--rehash", "--json"]);
  expect(events).toContainEqual(
    expect.objectContaining({ type: "different", side: "workspace", path: "a.txt" }),
  );
  expect(events.at(-1)).toMatchObject({ exit: 5, damaged: 0, different: 1 });
});

test("N51: a budget is told what is left, and words that do not fit together are refused", async () => {
  using box = new Box();
  box.write("a.txt", "one");
  await box.expectExit(0, "capture", "--label", "good");
  const { events } = await box.expectExit(0, "verify", "--budget", "1h", "--json");
  expect(events.at(-1)).toMatchObject({ damaged: 0, different: 0 });
  expect(events.at(-1)).not.toHaveProperty("left");
  for (const words of [
    ["good", "--level", "3", "--budget", "1m"],
    ["good", "--rehash"],
    ["good", "--level", "4", "--all"],
    ["--level", "5"],
  ])
    await box.expectExit(2, "verify", ...words);
});
