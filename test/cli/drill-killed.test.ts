import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { expect, test } from "vitest";
import { Box, launcher } from "../support/snap-process.ts";

const files = 1500;

test("N50: a fire drill that is killed leaves its folder to the next one, and the store as it was", async () => {
  using box = new Box();
  for (let at = 0; at < files; at += 1) box.write(`d/${at % 30}/${at}`, `content ${at}`);
  await box.expectExit(0, "capture");
  const restored = path.join(box.home, "drill", "files");
  const child = spawn(process.execPath, [launcher, "verify", "latest", "--level", "5", "--all"], {
    cwd: box.workspace,
    env: { ...process.env, SNAP_HOME: box.home },
    stdio: "ignore",
  });
  const ended = once(child, "exit");
  while (child.exitCode === null && !(existsSync(restored) && readdirSync(restored).length > 0))
    await turn();
  child.kill("SIGKILL");
  expect(await ended).toEqual([null, "SIGKILL"]);
  expect(readdirSync(restored)).not.toEqual([]);

  await box.expectExit(0, "verify", "--level", "2");
  const next = await box.expectExit(0, "verify", "latest", "--level", "5", "--all");
  expect(next.stdout).toContain(`Restored for practice: ${files} files`);
  expect(existsSync(restored)).toBe(false);
});
