import { readFileSync, readdirSync, watch } from "node:fs";
import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { expect, test } from "vitest";
import { expectPlain, hostileNames as names } from "../support/hostile-names.ts";
import { Box, launcher } from "../support/snap-process.ts";

async function linkedBox(): Promise<Box> {
  const box = new Box();
  for (const name of names) box.write(`d${name}/${name}`, name);
  await box.expectExit(0, "login", "--local");
  await box.expectExit(0, "link", box.workspace, "/w");
  await box.expectExit(0, "sync");
  return box;
}

const commands: readonly (readonly string[])[] = [
  ["status"],
  ["sync", "--dry-run"],
  ["diff", "latest"],
  ["ls", "latest", "-R"],
  ["log"],
  ["workspaces"],
  ["verify"],
  ["restore", "latest", "--dry-run"],
];

test("X16: hostile names are escaped by every command that shows names, and JSON stays one event a line", async () => {
  using box = await linkedBox();
  await box.expectExit(0, "capture");
  for (const [at, name] of names.entries()) {
    if (at % 2 === 0) box.write(`d${name}/${name}`, "edited");
    else box.remove(`d${name}/${name}`);
  }
  box.write(`.snap-other${names[1]}`, "another");
  for (const words of commands) {
    const text = await box.snap(words);
    expectPlain(text.stdout + text.stderr, words.join(" "));
    const json = await box.snap([...words, "--json"]);
    expectPlain(json.stdout + json.stderr, `${words.join(" ")} --json`);
    for (const line of json.stdout.split("\n").filter(Boolean)) {
      expect(typeof JSON.parse(line), line).toBe("object");
    }
  }
  const synced = await box.snap(["sync", "--json"]);
  expectPlain(synced.stdout + synced.stderr, "sync --json");
}, 120_000);

test("F8: a second sync ends with 6 at once; when the first is killed, the next takes the lock without help (S12)", async () => {
  using box = new Box();
  for (let file = 0; file < 1_500; file += 1) box.write(`d${file % 9}/${file}`, `content ${file}`);
  await box.expectExit(0, "login", "--local");
  await box.expectExit(0, "link", box.workspace, "/w");
  // Written before the first op of a cycle.
  const marker = watch(path.join(box.workspace, ".snap"));
  const first = spawn(process.execPath, [launcher, "sync", "--json"], {
    cwd: box.workspace,
    env: { ...process.env, NO_COLOR: "1", SNAP_HOME: box.home },
    stdio: ["ignore", "pipe", "ignore"],
    detached: true,
  });
  const ended = once(first, "exit");
  first.stdout.resume();
  await once(marker, "change");
  marker.close();
  const group = -(first.pid ?? 0);
  process.kill(group, "SIGSTOP");
  try {
    const second = await box.expectExit(6, "sync");
    expect(second.stderr).toMatch(/Error:/);
  } finally {
    process.kill(group, "SIGKILL");
  }
  await ended;
  await box.expectExit(0, "sync");
  const index = readdirSync(box.home, { recursive: true }).map(String);
  expect(index.filter((file) => file.includes("damaged"))).toEqual([]);
  expect(readFileSync(path.join(box.workspace, "d0/0"), "utf8")).toBe("content 0");
}, 120_000);
