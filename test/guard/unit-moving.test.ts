import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { systemClock } from "../../src/std/time.ts";
import { git, Scratch, gitEnvironment } from "./repositories.ts";
import { captureInto, gitdirOf, isContent, placeOf, type Meanwhile } from "./units.ts";

vi.setConfig({ testTimeout: 300_000 });

/** Do it at the first file that is like this. */
function atFirst(when: RegExp, phase: "open" | "done", act: () => void): Meanwhile {
  let isDone = false;
  return (at, now) => {
    if (isDone || now !== phase || !when.test(at)) return;
    isDone = true;
    act();
  };
}

describe("G51: what happens while it is captured", () => {
  const loose = /^objects\/..\//u;
  const happenings: Readonly<
    Record<string, { when: RegExp; phase: "open" | "done"; act: (folder: string) => void }>
  > = {
    "everything is packed after the state was read": {
      when: loose,
      phase: "open",
      act: (folder) => git(folder, "gc", "-q", "--prune=now"),
    },
    "everything is packed after the first object": {
      when: loose,
      phase: "done",
      act: (folder) => git(folder, "repack", "-adq"),
    },
    "a pack is replaced between it and its index": {
      when: /\.pack$/u,
      phase: "done",
      act: (folder) => {
        appendFileSync(join(folder, "file1"), "more");
        git(folder, "commit", "-q", "-a", "-m", "more");
        git(folder, "gc", "-q", "--prune=now");
      },
    },
    "a pack is unpacked before it was opened": {
      when: /\.pack$/u,
      phase: "open",
      act: (folder) => git(folder, "repack", "-Adq", "--unpack-unreachable=now"),
    },
    "a branch goes with its commits": {
      when: loose,
      phase: "open",
      act: (folder) => {
        git(folder, "branch", "-D", "topic");
        git(folder, "reflog", "expire", "--expire=now", "--all");
        git(folder, "gc", "-q", "--prune=now");
      },
    },
    "a commit is made": {
      when: loose,
      phase: "open",
      act: (folder) => {
        appendFileSync(join(folder, "file1"), "more");
        git(folder, "commit", "-q", "-a", "-m", "more");
      },
    },
  };

  test.each(Object.keys(happenings))("%s", async (name) => {
    using scratch = new Scratch();
    const folder = scratch.base("r");
    git(folder, "gc", "-q");
    git(folder, "checkout", "-q", "-b", "topic");
    scratch.commit(folder, "only there");
    git(folder, "checkout", "-q", "main");
    scratch.commit(folder, "later");
    const happening = happenings[name];
    if (happening === undefined) throw new Error(name);
    let happened = 0;
    const meanwhile = atFirst(happening.when, happening.phase, () => {
      happened += 1;
      happening.act(folder);
    });
    const into = join(scratch.root, "restored");
    const place = placeOf(gitdirOf(scratch, "r"));
    const result = await captureInto(scratch, { place, into, meanwhile });
    expect(happened).toBe(1);
    // What a branch alone had was gone: it was captured anew, with nothing moving.
    const movedDuring = name !== "a branch goes with its commits";
    expect(result).toMatchObject({ word: "verified", movedDuring });
    expect(isContent(into)).toBe(true);
    expect(existsSync(join(into, "packed-refs")) || existsSync(join(into, "refs/heads/main"))).toBe(
      true,
    );
  });
});

test("G51: a file that grows for ever is captured up to the size it had", async () => {
  using scratch = new Scratch();
  scratch.base();
  const growing = join(gitdirOf(scratch), "objects/info/notes");
  writeFileSync(growing, "begin");
  const meanwhile: Meanwhile = (at) => {
    if (at === "objects/info/notes") appendFileSync(growing, "more and more");
  };
  const into = join(scratch.root, "restored");
  const place = placeOf(gitdirOf(scratch));
  const result = await captureInto(scratch, { place, into, meanwhile });
  expect(result).toMatchObject({ word: "verified", movedDuring: true });
});

const busyWork = `
n=0
while kill -0 $PPID; do
  n=$((n+1))
  echo $n > "f$((n % 5))"; git add -A; git commit -q -m "c$n"
  case $((n % 6)) in
    0) git gc -q --prune=now ;;
    1) git repack -adq ;;
    2) git checkout -q -b "b$n"; echo x > "b$n"; git add -A; git commit -q -m b; git checkout -q main; git branch -q -D "b$n" ;;
    3) echo changed >> f1; git stash -q; git stash pop -q ;;
    4) git checkout -q -b "r$n" HEAD~1; echo r > r; git add -A; git commit -q -m r; git rebase -q main; git checkout -q main; git branch -q -D "r$n" ;;
    5) git reflog expire --expire=now --all; git prune --expire=now ;;
  esac
  git reset -q --hard
done >/dev/null 2>&1
`;

test("A16: of 30 captures in a storm of commits, gc, rebase and stash each is whole, or says that it is torn", async () => {
  using scratch = new Scratch();
  const folder = scratch.base("r");
  const storm = spawn("sh", ["-c", busyWork], {
    cwd: folder,
    detached: true,
    stdio: "ignore",
    env: gitEnvironment,
  });
  const counts = { verified: 0, unverified: 0, torn: 0 };
  const failures: string[] = [];
  const torn: string[] = [];
  let moved = 0;
  try {
    for (let run = 0; run < 30; run += 1) {
      const into = join(scratch.root, `run${run}`);
      const result = await captureInto(scratch, {
        place: placeOf(gitdirOf(scratch, "r")),
        into,
        options: { clock: systemClock, deadline: Date.now() + 60_000 },
      });
      counts[result.word] += 1;
      moved += Number(result.movedDuring);
      if (result.word === "torn") torn.push(result.reasons.join(", "));
      else if (!isContent(into)) failures.push(`${run}: ${result.word}`);
    }
  } finally {
    const over = once(storm, "close");
    if (storm.pid !== undefined) process.kill(-storm.pid, "SIGKILL");
    await over;
  }
  process.stdout.write(`A16: ${JSON.stringify(counts)}, ${moved} moved ${torn.join("; ")}\n`);
  expect(failures).toEqual([]);
  expect(moved).toBeGreaterThan(0);
  expect(counts.verified).toBeGreaterThanOrEqual(15);
});
