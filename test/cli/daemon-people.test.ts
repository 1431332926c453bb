/** Two people on one machine, and a home that cannot be written. Only root may act as somebody else. */
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
} from "node:fs";
import os from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { DaemonBox, processEnd } from "../support/daemon-box.ts";
import { runSnap, type Ended } from "../support/snap-process.ts";

/** Nobody: a user without rights of its own on every Linux. */
const nobody = 65_534;

/** Another person, with a home of its own. */
class Person implements Disposable {
  readonly top: string = realpathSync(mkdtempSync(path.join(os.tmpdir(), "snap-person-")));
  readonly home: string = path.join(this.top, "home");

  /** undefined where this user may not act as another, or where that one cannot reach the program; the test says so and ends. */
  static async meet(): Promise<Person | undefined> {
    const person = new Person();
    chownSync(person.top, nobody, nobody);
    const able = await person.snap("version").catch(String);
    if (typeof able !== "string" && able.code === 0) return person;
    person[Symbol.dispose]();
    const why = typeof able === "string" ? able : able.stderr;
    console.warn(`Nobody else can run the program here, so this test is skipped: ${why}`);
    return undefined;
  }

  snap(...words: readonly string[]): Promise<Ended> {
    return this.snapAt(this.home, ...words);
  }

  snapAt(home: string, ...words: readonly string[]): Promise<Ended> {
    const env = { SNAP_HOME: home, HOME: this.top };
    return runSnap(words, { cwd: this.top, env, user: nobody });
  }

  [Symbol.dispose](): void {
    rmSync(this.top, { recursive: true });
  }
}

const isRoot = process.getuid?.() === 0;

function expectNoTrace({ stderr }: Ended): void {
  expect(stderr).toContain("Error:");
  expect(stderr).not.toMatch(/^\s+at |Unexpected error/mu);
}

test.runIf(isRoot)(
  "X19: two people on one machine: what one does, the other does not see",
  async () => {
    using other = await Person.meet();
    if (other === undefined) return;
    await using box = await DaemonBox.linked();
    // Everybody may look at the files, as on many machines.
    for (const folder of [box.box.top, box.box.workspace]) chmodSync(folder, 0o755);
    await box.run(0, "config", "set", "snapshot.schedule", "off");
    await box.run(0, "start");
    await box.until("idle");
    const before = await box.status();
    const { workspace } = box.box;
    expect((await other.snap("stop")).stdout).toContain("Does not run");
    const seen = await other.snap("status", "--workspace", workspace);
    expect(seen).toMatchObject({ code: 7, stderr: expect.stringContaining("in no workspace") });
    expect((await other.snap("start", "--json")).events.at(-1)).toMatchObject({
      already: false,
      workspaces: 0,
    });
    expect((await other.snap("stop")).stdout).toContain("Stopped");
    expect(await box.status()).toEqual(before);
  },
);

test.runIf(isRoot)("X14, X19: the home of somebody else is refused, closed or open", async () => {
  using other = await Person.meet();
  if (other === undefined) return;
  await using box = await DaemonBox.linked();
  chmodSync(box.box.top, 0o755);
  await box.run(0, "config", "set", "snapshot.schedule", "off");
  await box.run(0, "start");
  await box.until("idle");
  const before = await box.status();
  for (const word of ["start", "stop", "status", "account"]) {
    const ended = await other.snapAt(box.home, word);
    expect([word, ended.code, ended.stderr]).toEqual([word, 7, expect.stringContaining(box.home)]);
    expectNoTrace(ended);
  }
  chmodSync(box.home, 0o755);
  for (const [word, code] of [
    ["start", 3],
    ["stop", 3],
    ["activity", 3],
    ["log", 7],
    ["account", 7],
  ] as const) {
    const ended = await other.snapAt(box.home, word);
    expect([word, ended.code]).toEqual([word, code]);
    expect(ended.stderr).toMatch(code === 3 ? /belongs to another user/u : /EACCES/u);
    expectNoTrace(ended);
  }
  expect(await box.status()).toEqual(before);
});

test.runIf(isRoot)(
  "a home that cannot be written ends with 7, names it, and leaves nothing running",
  async () => {
    using other = await Person.meet();
    if (other === undefined) return;
    const closed = path.join(other.top, "closed");
    mkdirSync(closed);
    for (const home of [closed, path.join(closed, "home")]) {
      for (const words of [["start"], ["status"], ["login", "--local"]]) {
        const ended = await other.snapAt(home, ...words);
        expect([words, ended.code, ended.stderr]).toEqual([
          words,
          7,
          expect.stringContaining(home),
        ]);
        expectNoTrace(ended);
      }
    }
  },
);

test("X19: a dead socket that others could use is no obstacle either, one at which the daemon answers is refused", async () => {
  await using box = await DaemonBox.linked();
  await box.run(0, "start");
  const { pid, supervisor = 0 } = await box.status();
  const socket = path.join(box.locations.run, "daemon.sock");
  chmodSync(socket, 0o755);
  for (const word of ["status", "stop", "start"]) {
    const refused = await box.run(3, word);
    expect(refused.events[0], word).toMatchObject({ code: "refused", path: socket });
  }
  for (const each of [supervisor, pid]) process.kill(each, "SIGKILL");
  await Promise.all([supervisor, pid].map(processEnd));
  await box.run(0, "status");
  await box.run(0, "stop");
  expect((await box.run(0, "doctor")).stdout).not.toContain("not safe");
  await box.run(0, "start");
  expect(lstatSync(socket).mode & 0o777).toBe(0o600);
  expect((await box.status()).pid).not.toBe(pid);
});
