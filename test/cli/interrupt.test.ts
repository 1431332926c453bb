import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { takeLock } from "../../src/state/process-lock.ts";
import { processEnd } from "../support/daemon-box.ts";
import { Box, launcher } from "../support/snap-process.ts";

const files = 60;

async function fullBox(): Promise<Box> {
  const box = new Box();
  for (let number = 0; number < files; number += 1) {
    box.write(`d${number % 7}/file ${number}.txt`, `content ${number} `.repeat(50));
  }
  await box.expectExit(0, "login", "--local");
  await box.expectExit(0, "link", box.workspace, "/w");
  return box;
}

/** Start the program and end it after some milliseconds: whatever it was doing then. */
function endAfter(
  box: Box,
  words: readonly string[],
  end: { delayMs: number; signal: NodeJS.Signals },
): Promise<number | null> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [launcher, ...words], {
      cwd: box.workspace,
      env: { ...process.env, SNAP_HOME: box.home },
      stdio: "ignore",
    });
    const timer = setTimeout(() => child.kill(end.signal), end.delayMs);
    child.on("close", (code) => {
      clearTimeout(timer);
      resolve(code);
    });
  });
}

function stagedIn(box: Box): readonly string[] {
  const staging = path.join(box.workspace, ".snap", "staging");
  return existsSync(staging) ? readdirSync(staging) : [];
}

// The moments spread over the whole run on a fast machine and over its beginning on a slow one; what is claimed holds at each.
const moments = [60, 90, 120, 150, 180, 220, 260, 300, 350, 400, 500, 650];

test.each(["SIGKILL", "SIGINT"] as const)(
  "a first sync ended by %s at any moment goes on with the next",
  async (signal) => {
    using box = await fullBox();
    const before = box.tree();
    for (const delayMs of moments) {
      const code = await endAfter(box, ["sync"], { delayMs, signal });
      // null: it came before the program had begun to listen.
      if (signal === "SIGINT") expect([0, 130, null]).toContain(code);
      expect(box.tree()).toEqual(before);
    }
    await box.expectExit(0, "sync");
    expect(box.tree()).toEqual(before);
    await box.expectExit(0, "capture");
    await box.expectExit(0, "verify", "latest", "--level", "4");
    expect(stagedIn(box)).toEqual([]);
  },
);

test.each(["SIGKILL", "SIGINT"] as const)(
  "a capture ended by %s at any moment damages nothing",
  async (signal) => {
    using box = await fullBox();
    for (const delayMs of moments) await endAfter(box, ["capture", "--force"], { delayMs, signal });
    await box.expectExit(0, "capture", "--label", "after");
    await box.expectExit(0, "verify", "--level", "2");
    await box.expectExit(0, "verify", "after", "--level", "3");
  },
);

const states = [
  "planned",
  "saved",
  "fenced",
  "staged",
  "committing",
  "committed",
  "handed",
  "pushed",
  "verified",
];

test.each(["SIGKILL", "SIGINT"] as const)(
  "T2: a restore ended by %s in any state is finished or taken back",
  async (signal) => {
    for (const state of states) {
      using box = await fullBox();
      await box.expectExit(0, "sync");
      await box.expectExit(0, "capture", "--label", "good");
      const good = box.tree();
      for (let number = 0; number < files; number += 2)
        box.write(`d${number % 7}/file ${number}.txt`, "damaged");
      box.remove("d3");
      box.write("new/one.txt", "added");
      await box.expectExit(0, "sync");
      const bad = box.tree();
      const ended = await box.snap(["restore", "good", "--yes", "--json"], {
        signalAt: { text: `"state":"${state}"`, signal },
      });
      if (signal === "SIGINT") expect([0, 130]).toContain(ended.code);
      await box.expectExit(0, "sync");
      const after = box.tree();
      expect([good, bad]).toContainEqual(after);
      await box.expectExit(0, "capture", "--label", "end");
      await box.expectExit(0, "verify", "end", "--level", "4");
      expect((await box.expectExit(0, "status")).stdout).toContain("Up to date");
    }
  },
);

test.each(["sync", "restore"] as const)(
  "T30, T43: Ctrl-C while the hook before a %s runs ends it with all that it started, and is 130",
  async (kind) => {
    using box = new Box();
    box.write("a", "1");
    await box.expectExit(0, "login", "--local");
    await box.expectExit(0, "link", box.workspace, "/w", "--initial", "push", "--yes");
    await box.expectExit(0, "capture", "--label", "good");
    const pidFile = path.join(box.top, "pid");
    const before = ["/bin/sh", "-c", `/bin/sleep 1000 & echo $! > '${pidFile}'; wait`];
    const after = ["/bin/sh", "-c", `echo $SNAP_OUTCOME > '${box.top}/outcome'`];
    await box.expectExit(0, "config", "set", `${kind}.before`, JSON.stringify(before));
    await box.expectExit(0, "config", "set", `${kind}.after`, JSON.stringify(after));
    box.write("a", "2");
    const words = kind === "sync" ? ["sync"] : ["restore", "good", "--yes", "--on-unsaved", "keep"];
    const child = spawn(process.execPath, [launcher, ...words], {
      cwd: box.workspace,
      env: { ...process.env, SNAP_HOME: box.home },
      stdio: "ignore",
    });
    const ended = once(child, "exit");
    while (!existsSync(pidFile) || !readFileSync(pidFile, "utf8").endsWith("\n")) {
      await setImmediate();
    }
    child.kill("SIGINT");
    expect(await ended).toEqual([130, null]);
    await processEnd(Number(readFileSync(pidFile, "utf8")));
    expect(box.read("a")).toBe("2");
    expect(readFileSync(path.join(box.top, "outcome"), "utf8")).toBe("not-done\n");
  },
);

test("S12: a second process ends with 6 and names the first", async () => {
  using box = await fullBox();
  const [id] = readdirSync(path.join(box.home, "workspaces"));
  {
    using _lock = takeLock(path.join(box.home, "workspaces", id ?? "", "lock"), {
      what: "snap sync",
    });
    for (const words of [["sync"], ["capture"], ["status"], ["unlink"]]) {
      const ended = await box.expectExit(6, ...words);
      expect(ended.stdout + ended.stderr).toMatch(/at work here/);
    }
  }
  await box.expectExit(0, "sync");
});
