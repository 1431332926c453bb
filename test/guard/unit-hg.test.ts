import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, existsSync, rmSync, symlinkSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import type { UnitCapture } from "../../src/guard/git-unit.ts";
import { systemClock } from "../../src/std/time.ts";
import { Scratch } from "./repositories.ts";
import { captureInto, type Capturing } from "./units.ts";

vi.setConfig({ testTimeout: 300_000 });

const env = { PATH: process.env["PATH"], HGRCPATH: "", HGUSER: "A <a@example.org>" };

function hg(folder: string, ...words: string[]): string {
  return execFileSync("hg", words, { cwd: folder, env, encoding: "utf8", stdio: "pipe" });
}

function base(scratch: Scratch): void {
  hg(scratch.top, "init");
  for (const name of ["a", "b"]) {
    scratch.write(name, name.repeat(100));
    hg(scratch.top, "commit", "-A", "-q", "-m", name);
  }
  hg(scratch.top, "bookmark", "mark");
}

async function capture(
  scratch: Scratch,
  name: string,
  more: Partial<Capturing> = {},
): Promise<UnitCapture> {
  const place = { vcs: "hg", folder: Buffer.from(scratch.at(".hg")) } as const;
  return await captureInto(scratch, { place, into: join(scratch.root, name, ".hg"), ...more });
}

function isContent(folder: string): boolean {
  try {
    hg(folder, "verify", "-q");
    return true;
  } catch {
    return false;
  }
}

test("G51: a repository of Mercurial's is captured whole and left as it is", async () => {
  using scratch = new Scratch();
  base(scratch);
  const into = join(scratch.tmp, "..", `${scratch.tmp}-hg`);
  const before = scratch.fingerprint();
  try {
    const place = { vcs: "hg", folder: Buffer.from(scratch.at(".hg")) } as const;
    const result = await captureInto(scratch, { place, into: join(into, ".hg") });
    expect(result).toMatchObject({ word: "verified", reasons: [], movedDuring: false });
    expect(scratch.fingerprint()).toBe(before);
    expect(isContent(into)).toBe(true);
    expect(hg(into, "log", "-r", "mark", "-T", "{desc}")).toBe("b");
  } finally {
    rmSync(into, { recursive: true, force: true });
  }
});

test("G51: a commit between changelog and manifest leaves nothing that `hg verify` complains of", async () => {
  using scratch = new Scratch();
  base(scratch);
  let isDone = false;
  const result = await capture(scratch, "restored", {
    meanwhile: (at, phase) => {
      if (isDone || phase !== "done" || at !== "store/00changelog.i") return;
      isDone = true;
      appendFileSync(scratch.at("a"), "more");
      hg(scratch.top, "commit", "-q", "-m", "more");
    },
  });
  expect(isDone).toBe(true);
  expect(result).toMatchObject({ word: "verified", movedDuring: true });
  const restored = join(scratch.root, "restored");
  expect(isContent(restored)).toBe(true);
  // Nothing is from before it: all of the store was taken until it did not move.
  expect(hg(restored, "log", "-r", "tip", "-T", "{desc}")).toBe("more");
});

test("G51: a revlog that ends too early is torn; a lock is told and not captured", async () => {
  using scratch = new Scratch();
  base(scratch);
  symlinkSync("desk:1", scratch.at(".hg/store/lock"));
  expect(await capture(scratch, "one")).toMatchObject({ locks: ["store/lock"] });
  expect(existsSync(join(scratch.root, "one/.hg/store/lock"))).toBe(false);
  truncateSync(scratch.at(".hg/store/data/a.i"), 70);
  expect(await capture(scratch, "two")).toMatchObject({ word: "torn" });
});

test("A16: of 5 captures of Mercurial's while it commits each is whole, or says that it is torn", async () => {
  using scratch = new Scratch();
  base(scratch);
  const script = `n=0; while kill -0 $PPID 2>/dev/null; do n=$((n+1)); echo $n >> a; hg commit -q -m c$n; done >/dev/null 2>&1`;
  const storm = spawn("sh", ["-c", script], {
    cwd: scratch.top,
    env,
    detached: true,
    stdio: "ignore",
  });
  const words: string[] = [];
  try {
    for (let run = 0; run < 5; run += 1) {
      const options = { clock: systemClock, deadline: Date.now() + 60_000 };
      const { word } = await capture(scratch, `run${run}`, { options });
      words.push(word);
      if (word === "verified") expect(isContent(join(scratch.root, `run${run}`))).toBe(true);
    }
  } finally {
    const over = once(storm, "close");
    if (storm.pid !== undefined) process.kill(-storm.pid, "SIGKILL");
    await over;
  }
  process.stdout.write(`A16, hg: ${words.join(" ")}\n`);
  expect(words).not.toContain("unverified");
});
