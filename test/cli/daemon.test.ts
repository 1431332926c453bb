import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { openEnvironment } from "../../src/app/environment.ts";
import { daemonLender } from "../../src/daemon/lender.ts";
import { stopDaemon } from "../../src/daemon/stop.ts";
import { systemClock, type Clock } from "../../src/std/time.ts";
import { Borrower, DaemonBox, processEnd, RunningCommand } from "../support/daemon-box.ts";

/** The processes of the daemon: the one that works, and the one that watches over it. */
async function processes(box: DaemonBox): Promise<{ worker: number; supervisor: number }> {
  const { pid, supervisor = 0 } = await box.status();
  expect(supervisor).toBeGreaterThan(1);
  return { worker: pid, supervisor };
}

test("start and stop may be said twice, in any order", async () => {
  await using box = await DaemonBox.linked();
  expect((await box.run(0, "stop")).events.at(-1)).toMatchObject({ how: "was-off" });
  const first = (await box.run(0, "start")).events.at(-1);
  expect(first).toMatchObject({ already: false, workspaces: 1 });
  expect((await box.run(0, "start")).events.at(-1)).toMatchObject({
    already: true,
    pid: first?.["pid"],
  });
  expect((await box.run(0, "stop")).events.at(-1)).toMatchObject({ how: "clean" });
  await processEnd(Number(first?.["pid"]));
  expect((await box.run(0, "stop")).events.at(-1)).toMatchObject({ how: "was-off" });
  for (let times = 0; times < 2; times += 1) {
    expect((await box.run(0, "restart")).events.at(-1)).toMatchObject({ already: false });
  }
});

test("starts at the same moment make one daemon", async () => {
  await using box = await DaemonBox.linked();
  const starts = await Promise.all([1, 2, 3].map(() => box.run(0, "start")));
  const pids = starts.map(({ events }) => events.at(-1)?.["pid"]);
  expect(new Set(pids).size).toBe(1);
});

test("a file that is saved in one place goes up, and comes down in the other", async () => {
  await using box = await DaemonBox.linked();
  const other = path.join(box.box.top, "other");
  mkdirSync(other);
  await box.run(0, "link", other, "/w");
  await box.run(0, "start");
  await Promise.all([box.until("idle", box.box.workspace), box.until("idle", other)]);
  const done: unknown[] = [];
  await box.event((event) => {
    // Somebody listens from here on.
    if (event.type === "daemon") box.box.write("a.txt", "one");
    if (event.type === "activity") done.push(event.activity);
    return done.length === 2 ? true : undefined;
  });
  expect(done).toMatchObject([
    { kind: "R.put", path: "a.txt", bytes: 3, folder: box.box.workspace },
    { kind: "L.put", path: "a.txt", bytes: 3, folder: other },
  ]);
  expect(readFileSync(path.join(other, "a.txt"), "utf8")).toBe("one");
});

test("N34: a capture beside the daemon leaves it at work", async () => {
  await using box = await DaemonBox.linked();
  box.box.write("a.txt", "one");
  await box.run(0, "start");
  await box.until("idle");
  await box.run(0, "capture", "--label", "beside");
  box.box.write("b.txt", "two");
  await box.run(0, "sync");
  await box.run(0, "check");
  await box.until("idle");
  await box.run(0, "verify", "beside", "--level", "2");
});

test("S12: a borrower that is killed leaves the workspace to the daemon", async () => {
  await using box = await DaemonBox.linked();
  box.box.write("a.txt", "one");
  await box.run(0, "start");
  const { id } = await box.until("idle");
  await using borrower = new Borrower(box, id);
  expect(await borrower.line()).toBe("lent");
  expect((await box.status()).workspaces[0]?.live.state).toBe("lent");
  const other = daemonLender(
    { locations: box.locations, clock: systemClock },
    new AbortController().signal,
  );
  await expect(other.borrow(id, "capture")).rejects.toMatchObject({ code: "busy" });
  await borrower.kill("SIGKILL");
  await box.until("idle");
  box.box.write("b.txt", "two");
  await box.run(0, "sync");
});

test("a worker that is killed is started again, by itself", async () => {
  await using box = await DaemonBox.linked();
  box.box.write("a.txt", "one");
  await box.run(0, "start");
  const { worker, supervisor } = await processes(box);
  process.kill(worker, "SIGKILL");
  await processEnd(worker);
  // A start waits for the daemon that is on its way.
  expect((await box.run(0, "start")).events.at(-1)).toMatchObject({ already: true });
  const again = await processes(box);
  expect(again.supervisor).toBe(supervisor);
  expect(again.worker).not.toBe(worker);
  await box.until("idle");
});

test("a supervisor that is killed takes its worker along, and the next start just works", async () => {
  await using box = await DaemonBox.linked();
  await box.run(0, "start");
  const { worker, supervisor } = await processes(box);
  process.kill(supervisor, "SIGKILL");
  await box.run(0, "start");
  await processEnd(worker);
  await box.until("idle");
});

test("both killed at once: the socket and the locks that stay are no obstacle", async () => {
  await using box = await DaemonBox.linked();
  await box.run(0, "start");
  const { worker, supervisor } = await processes(box);
  process.kill(supervisor, "SIGKILL");
  process.kill(worker, "SIGKILL");
  await Promise.all([processEnd(worker), processEnd(supervisor)]);
  expect(existsSync(path.join(box.locations.run, "daemon.sock"))).toBe(true);
  expect((await box.run(0, "stop")).events.at(-1)).toMatchObject({ how: "was-off" });
  expect((await box.run(0, "start")).events.at(-1)).toMatchObject({ already: false });
  await box.until("idle");
});

test.each(["SIGTERM", "SIGINT", "SIGHUP"] as const)("%s ends it cleanly", async (signal) => {
  await using box = await DaemonBox.linked();
  await using running = new RunningCommand(box, ["start", "--foreground", "--json"]);
  expect(JSON.parse(await running.line())).toMatchObject({ type: "running", already: false });
  const { worker } = await processes(box);
  expect(await running.kill(signal)).toBe(0);
  await processEnd(worker);
  expect(existsSync(path.join(box.locations.run, "daemon.sock"))).toBe(false);
});

test("a worker that hangs is killed by stop, which says so", async () => {
  await using box = await DaemonBox.linked();
  await box.run(0, "start");
  const { worker, supervisor } = await processes(box);
  process.kill(supervisor, "SIGSTOP");
  process.kill(worker, "SIGSTOP");
  // Time goes by ten times as fast for who waits.
  const clock: Clock = {
    now: () => systemClock.now(),
    sleep: (delayMs, signal) => systemClock.sleep(delayMs / 10, signal),
  };
  const variables = { SNAP_HOME: box.home };
  const environment = await openEnvironment({ variables, cwd: box.box.top, clock });
  expect(await stopDaemon(environment)).toBe("killed");
  await Promise.all([processEnd(worker), processEnd(supervisor)]);
});

test("a pause holds over a restart, with its reason, until it is ended", async () => {
  await using box = await DaemonBox.linked();
  await box.run(0, "start");
  await box.run(0, "pause", "a talk");
  expect(await box.until("paused")).toMatchObject({ paused: { reason: "a talk" } });
  box.box.write("a.txt", "one");
  await box.run(0, "restart");
  expect(await box.until("paused")).toMatchObject({ paused: { reason: "a talk" } });
  // By hand it still works.
  await box.run(0, "sync");
  await box.run(0, "resume");
  expect((await box.until("idle")).paused).toBeUndefined();
});

test("a pause without a daemon is there when it starts", async () => {
  await using box = await DaemonBox.linked();
  await box.run(0, "pause");
  await box.run(0, "start");
  await box.until("paused");
  await box.run(0, "resume", "--workspace", box.box.workspace);
  await box.until("idle");
});

test("links that are made and taken back are known at once", async () => {
  await using box = new DaemonBox();
  await box.run(0, "start");
  expect((await box.status()).workspaces).toEqual([]);
  await box.run(0, "login", "--local");
  await box.run(0, "link", box.box.workspace, "/w");
  await box.until("idle");
  await box.run(0, "unlink");
  expect((await box.status()).workspaces).toEqual([]);
});

test("a workspace that is missing is told, stops no other one, and goes on when it is back", async () => {
  await using box = await DaemonBox.linked();
  const other = path.join(box.box.top, "other");
  mkdirSync(other);
  await box.run(0, "link", other, "/other");
  const { workspace } = box.box;
  renameSync(workspace, `${workspace}-away`);
  await box.run(0, "start");
  const missing = await box.until("waiting");
  expect(missing).toMatchObject({
    path: workspace,
    exit: 7,
    live: { trouble: { code: "workspace-missing" } },
  });
  expect((await box.until("idle")).path).toBe(other);
  renameSync(`${workspace}-away`, workspace);
  await box.run(0, "resume");
  expect(await box.until("idle", workspace)).toMatchObject({ exit: 0 });
});

test("X19: a link or a file in the place of the socket, or an open folder, is refused", async () => {
  await using box = await DaemonBox.linked();
  const { run } = box.locations;
  mkdirSync(run, { mode: 0o700 });
  const socket = path.join(run, "daemon.sock");
  symlinkSync(path.join(box.box.top, "elsewhere"), socket);
  expect((await box.run(3, "start")).events[0]).toMatchObject({ code: "refused", path: socket });
  rmSync(socket);
  writeFileSync(socket, "planted");
  expect((await box.run(3, "start")).events[0]).toMatchObject({ code: "refused", path: socket });
  rmSync(socket);
  chmodSync(run, 0o755);
  const open = (await box.run(3, "start")).events[0];
  expect(open).toMatchObject({ code: "refused", hint: expect.stringContaining("chmod 700") });
  chmodSync(run, 0o700);
  await box.run(0, "start");
});

test("a home that cannot be written is told with exit 7", async () => {
  await using box = new DaemonBox("home");
  writeFileSync(box.home, "a file");
  await box.run(7, "start");
  rmSync(box.home);
});

test("settings that cannot be read are told by start, which leaves nothing running", async () => {
  await using box = await DaemonBox.linked();
  writeFileSync(box.locations.config, "{");
  const [error] = (await box.run(2, "start")).events;
  expect(error).toMatchObject({
    code: "settings-invalid",
    hint: expect.stringContaining("snap.log"),
  });
  expect((await box.run(0, "stop")).events.at(-1)).toMatchObject({ how: "was-off" });
});

test("a home whose path is too long for a socket works as any other", async () => {
  await using box = await DaemonBox.linked(`${"long-".repeat(24)}home`);
  box.box.write("a.txt", "one");
  await box.run(0, "start");
  await box.until("idle");
  await box.run(0, "capture");
  expect((await box.run(0, "stop")).events.at(-1)).toMatchObject({ how: "clean" });
});

test("activity and log need and show what they say", async () => {
  await using box = await DaemonBox.linked();
  expect((await box.run(7, "activity")).events[0]).toMatchObject({ code: "daemon-off" });
  await box.run(0, "start");
  await box.until("idle");
  expect((await box.run(0, "activity")).events[0]).toMatchObject({ type: "state", state: "idle" });
  await using following = new RunningCommand(box, ["activity", "--follow", "--json"]);
  await following.line();
  box.box.write("a.txt", "one");
  const types: unknown[] = [];
  while (!types.includes("activity")) types.push(JSON.parse(await following.line()).type);
  expect(await following.kill("SIGINT")).toBe(0);
  const log = await box.run(0, "log", "--lines", "5");
  expect(log.stdout).toContain("the daemon runs");
});
