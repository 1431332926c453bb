import { mkdirSync, readFileSync, writeFileSync, existsSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { requireLink } from "../../src/app/find-workspace.ts";
import { syncHooks } from "../../src/app/hooks.ts";
import { Stand } from "../../src/engine/live/stand.ts";
import { openLiveSession } from "../../src/app/live-session.ts";
import type { LiveSession } from "../../src/app/live.ts";
import { readStatus } from "../../src/app/status.ts";
import { previewSync } from "../../src/app/preview.ts";
import { syncWorkspace } from "../../src/app/sync.ts";
import { openLinked } from "../../src/app/workspace.ts";
import type { Settings } from "../../src/core/settings/values.ts";
import { LinkedHome } from "./linked-home.ts";

const sync = (home: LinkedHome) => syncWorkspace(home.environment, home.place, {});

/** A program that writes down when it ran, what the cloud had not got yet, and its environment. */
function recorder(home: LinkedHome): {
  readonly program: string;
  readonly runs: () => readonly string[];
} {
  const log = path.join(home.top, "log");
  const program = path.join(home.top, "recorder");
  const line = `$1 $(pwd) $SNAP_WORKSPACE \${SNAP_OUTCOME:-none} \${SECRET:-none}`;
  writeFileSync(
    program,
    `#!/bin/sh\necho "${line}" >> "${log}"\n[ "$2" = fail ] && { echo no room; exit 3; }\nexit 0\n`,
    {
      mode: 0o755,
    },
  );
  return {
    program,
    runs: () => (existsSync(log) ? readFileSync(log, "utf8").trimEnd().split("\n") : []),
  };
}

async function hooked(settings: (program: string) => Settings): Promise<{
  readonly home: LinkedHome;
  readonly runs: () => readonly string[];
}> {
  const home = await LinkedHome.open({ a: "1" });
  const { program, runs } = recorder(home);
  home.set(settings(program));
  return { home, runs };
}

const both = (program: string): Settings => ({
  "sync.before": [
    [program, "first $(x)"],
    [program, "second"],
  ],
  "sync.after": [[program, "after"]],
});

test("T42: hooks run around the changes of a sync, without a shell, in the workspace, each once", async () => {
  const { home, runs } = await hooked(both);
  await using _home = home;
  expect((await sync(home)).exit).toBe(0);
  expect(runs(), "nothing is to be done, nothing runs").toEqual([]);
  home.write("b", "2");
  await previewSync(home.environment, home.place, {});
  expect(runs(), "a dry run runs nothing").toEqual([]);
  expect((await sync(home)).exit).toBe(0);
  const { place } = home;
  expect(runs()).toEqual([
    `first $(x) ${place} ${place} none none`,
    `second ${place} ${place} none none`,
    `after ${place} ${place} done none`,
  ]);
});

test("T43: where a command before fails nothing is done, exit 3, and the hook after runs all the same", async () => {
  const { home, runs } = await hooked((program) => ({
    "sync.before": [
      [program, "first", "fail"],
      [program, "second"],
    ],
    "sync.after": [[program, "after"]],
  }));
  await using _home = home;
  home.write("b", "2");
  await expect(sync(home)).rejects.toMatchObject({
    code: "refused",
    exit: 3,
    message: expect.stringContaining("no room") as string,
  });
  expect(await home.cloud()).toEqual(["a"]);
  expect(runs().map((run) => run.split(" ")[0])).toEqual(["first", "after"]);
  expect(runs()[1]).toContain("not-done");
});

test("T43: where the hook after fails the data stays, exit 4", async () => {
  const { home } = await hooked((program) => ({ "sync.after": [[program, "after", "fail"]] }));
  await using _home = home;
  home.write("b", "2");
  const report = await sync(home);
  expect(report).toMatchObject({ exit: 4, left: [{ path: "sync.after", kind: "parked" }] });
  expect(await home.cloud()).toEqual(["a", "b"]);
  expect((await sync(home)).exit, "told once").toBe(0);
});

test("T43: a command that takes too long is ended with all that it started", async () => {
  const { home } = await hooked(() => ({
    "sync.before": [["/bin/sh", "-c", "/bin/sleep 1000 & /bin/sleep 1000"]],
    "sync.hookTimeout": 50,
  }));
  await using _home = home;
  home.write("b", "2");
  await expect(sync(home)).rejects.toThrow(/took longer than 50ms/u);
});

test("T43: the hook after runs also where the program was killed before it", async () => {
  const { home, runs } = await hooked(both);
  await using _home = home;
  const { environment, place } = home;
  {
    await using workspace = await openLinked(environment, requireLink(environment, place), "sync");
    const { index } = workspace.state;
    index.transaction(() => index.setMeta("hooked", "1"));
  }
  await sync(home);
  expect(runs().map((run) => run.split(" ")[0])).toEqual(["after"]);
});

test("T43: a hook after that the end of the program cuts off runs again with the next one", async () => {
  const { home, runs } = await hooked(both);
  await using _home = home;
  const { environment, place } = home;
  {
    await using workspace = await openLinked(environment, requireLink(environment, place), "sync");
    const { index } = workspace.state;
    index.transaction(() => index.setMeta("hooked", "1"));
    expect(await syncHooks(workspace).after("not-done", AbortSignal.abort())).toBeUndefined();
    expect(runs()).toEqual([]);
  }
  await sync(home);
  expect(runs().map((run) => run.split(" ")[0])).toEqual(["after"]);
});

test("X23: nothing of a workspace is run, however it is named", async () => {
  await using home = await LinkedHome.open({ a: "1" });
  mkdirSync(path.join(home.place, "bin"));
  const planted = path.join(home.place, "bin/tool");
  writeFileSync(planted, "#!/bin/sh\nexit 0\n", { mode: 0o755 });
  for (const program of [planted, "./bin/tool", "bin/tool", "tool"]) {
    home.set({ "sync.before": [[program]] });
    home.write("b", program);
    await expect(sync(home), program).rejects.toMatchObject({ code: "refused" });
  }
});

/** A session in the background, and a way to wait for what it comes to. */
async function inBackground(home: LinkedHome): Promise<
  AsyncDisposable & {
    readonly session: LiveSession;
    readonly activity: readonly string[];
    readonly until: (isWanted: () => boolean) => Promise<void>;
  }
> {
  const { environment, place } = home;
  const ending = new AbortController();
  const activity: string[] = [];
  let wake = (): void => {};
  const session = await openLiveSession(environment, requireLink(environment, place), {
    onStatus: () => wake(),
    onActivity: ({ path: file }) => void activity.push(file),
    stand: new Stand(),
  });
  const running = session.run(ending.signal);
  return {
    session,
    activity,
    until: async (isWanted) => {
      while (!isWanted()) await new Promise<void>((resolve) => (wake = resolve));
    },
    [Symbol.asyncDispose]: async () => {
      ending.abort();
      await running;
      await session[Symbol.asyncDispose]();
    },
  };
}

test("T42, T43: in the background a hook that fails stops everything each time, and the one after is told so", async () => {
  const failing = (program: string): Settings => ({
    "sync.before": [[program, "first", "fail"]],
    "sync.after": [[program, "after"]],
  });
  const { home, runs } = await hooked(failing);
  await using _home = home;
  await using background = await inBackground(home);
  const { session, activity, until } = background;
  const words = (): readonly string[] =>
    runs().map((run) => run.split(" ").toSpliced(1, 2).join(" "));
  await until(() => session.live().state === "idle");
  expect(runs()).toEqual([]);
  home.write("b", "2");
  // It is tried again by itself, too.
  for (let times = 1; times <= 3; times += 1) {
    session.nudge();
    await until(() => runs().length >= 2 * times);
    expect(session.live().trouble?.code).toBe("refused");
  }
  expect(activity).toEqual([]);
  home.set({ "sync.after": failing(path.join(home.top, "recorder"))["sync.after"] ?? [] });
  session.nudge();
  await until(() => session.live().state === "idle");
  expect(activity).toEqual(["b"]);
  const rounds = Array.from({ length: words().length - 1 }, (_, at) =>
    at % 2 === 0 ? "first none none" : "after not-done none",
  );
  expect(words()).toEqual([...rounds, "after done none"]);
});

test("T43: in the background a hook after a sync that fails is in the status until one ends well, or is none", async () => {
  const { home } = await hooked((program) => ({ "sync.after": [[program, "after", "fail"]] }));
  await using _home = home;
  const { environment, place } = home;
  const failureNow = async () => (await readStatus(environment, place, {})).hookFailure;
  const saved = async (file: string): Promise<void> => {
    home.write(file, "2");
    await using background = await inBackground(home);
    const { session, activity, until } = background;
    await until(() => activity.includes(file) && session.live().state === "idle");
  };
  await saved("b");
  const before = environment.settings.read().settings;
  expect(await failureNow()).toMatchObject({
    reason: expect.stringMatching(/sync\.after.*ended with 3: no room/u) as string,
  });
  home.set({});
  expect(await failureNow()).toBeUndefined();
  home.set(before);
  expect(await failureNow()).toBeDefined();
  home.set({ "sync.after": [[path.join(home.top, "recorder"), "after"]] });
  await saved("c");
  expect(await failureNow()).toBeUndefined();
});

test("T42: while a hook runs in the background the status names it", async () => {
  const home = await LinkedHome.open({ a: "1" });
  await using _home = home;
  const go = path.join(home.top, "go");
  const waiting = `while [ ! -e '${go}' ]; do /bin/sleep 0.01; done`;
  home.set({ "sync.before": [["/bin/sh", "-c", waiting]] });
  home.write("b", "2");
  await using background = await inBackground(home);
  const { session, until } = background;
  await until(() => session.live().hook !== undefined);
  expect(session.live().hook).toMatchObject({ hook: "sync.before", program: "/bin/sh" });
  writeFileSync(go, "");
  await until(() => session.live().state === "idle");
  expect(session.live().hook).toBeUndefined();
});
