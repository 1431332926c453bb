import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, watch, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { Box, launcher } from "../support/snap-process.ts";
import { noise } from "../snapshot/scratch-store.ts";

/** When something that fits is there. */
async function present(folder: string, fits: (name: string) => boolean): Promise<void> {
  using stack = new DisposableStack();
  const watching = stack.adopt(watch(folder), (each) => each.close());
  while (!readdirSync(folder).some(fits)) await once(watching, "change");
}

test("N59: Ctrl-C ends an import that waits for its input, and no snapshot is there", async () => {
  using box = new Box();
  box.write("a", "1");
  await box.expectExit(0, "capture");
  const child = spawn(process.execPath, [launcher, "import", "-"], {
    cwd: box.workspace,
    env: { ...process.env, SNAP_HOME: box.home },
    stdio: ["pipe", "ignore", "pipe"],
  });
  await present(path.join(box.home, "store"), (name) => name === "lock");
  child.kill("SIGINT");
  expect(await once(child, "close")).toEqual([130, null]);
  expect((await box.expectExit(0, "list", "--json")).events.at(-1)).toMatchObject({ count: 1 });
  expect(existsSync(path.join(box.home, "store/lock"))).toBe(false);
  await box.expectExit(0, "verify", "--level", "2");
});

test("N58: an export that is killed leaves nothing under the name, and the next one works", async () => {
  using box = new Box();
  writeFileSync(path.join(box.workspace, "large"), noise(60_000_000));
  await box.expectExit(0, "capture");
  const file = path.join(box.top, "x.tar.gz");
  const child = spawn(process.execPath, [launcher, "export", "latest", file], {
    cwd: box.workspace,
    env: { ...process.env, SNAP_HOME: box.home },
    stdio: "ignore",
  });
  await present(box.top, (name) => name.startsWith(".snap-tmp-"));
  child.kill("SIGKILL");
  expect(await once(child, "close")).toEqual([null, "SIGKILL"]);
  expect(existsSync(file)).toBe(false);
  const left = (): readonly string[] => readdirSync(box.top).filter((name) => name.startsWith("."));
  expect(left()).toHaveLength(1);
  const foreign = ".snap-tmp-export-of-somebody-else";
  writeFileSync(path.join(box.top, foreign), "x");
  await box.expectExit(0, "export", "latest", file);
  expect(left()).toEqual([foreign]);
  await box.expectExit(0, "import", file, "--dry-run");
});
