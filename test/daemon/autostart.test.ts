import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openEnvironment, type Environment } from "../../src/app/environment.ts";
import { showAutostart, turnOff, turnOn } from "../../src/daemon/autostart.ts";
import { startupLines, unitName, unitText } from "../../src/daemon/autostart-text.ts";

let top: string;
beforeEach(() => {
  top = realpathSync(mkdtempSync(path.join(os.tmpdir(), "snap-auto-")));
});
afterEach(() => rmSync(top, { recursive: true, force: true }));

const launcher = "/opt/snap/launch.cjs";

/** A machine where `systemctl` does what the script says; `false` is one where nobody answers. */
async function machine(script: string): Promise<Environment> {
  const bin = path.join(top, "bin");
  mkdirSync(bin, { recursive: true });
  writeFileSync(path.join(bin, "systemctl"), `#!/bin/sh\n${script}\n`);
  chmodSync(path.join(bin, "systemctl"), 0o755);
  return await openEnvironment({
    variables: { SNAP_HOME: path.join(top, "home"), HOME: top, PATH: `${bin}:/usr/bin:/bin` },
    cwd: top,
  });
}

const works = 'echo "$@" >> "$HOME/calls"';

test("on writes and enables one unit for this home, off takes it back; both may be repeated", async () => {
  const environment = await machine(works);
  for (let times = 0; times < 2; times += 1) {
    const on = await turnOn(environment, launcher);
    expect(on.state).toBe("on");
    expect(on.unit).toMatch(/\/\.config\/systemd\/user\/snap-sync-[0-9a-f]{8}\.service$/u);
    expect(readFileSync(on.unit, "utf8")).toContain("start --foreground\nRestart=on-failure");
  }
  expect(readFileSync(path.join(top, "calls"), "utf8")).toMatch(/--user .*enable snap-sync-/u);
  for (let times = 0; times < 2; times += 1) {
    const off = await turnOff(environment, launcher);
    expect(off.state).toBe("off");
    expect(existsSync(off.unit)).toBe(false);
  }
  expect(readFileSync(path.join(top, "calls"), "utf8")).toMatch(/disable snap-sync-/u);
});

test("where systemd does not answer, the line for a script does it", async () => {
  const environment = await machine("exit 1");
  const on = await turnOn(environment, launcher);
  expect(on.state).toBe("unit-only");
  expect(on.lines).toEqual([
    `SNAP_HOME='${top}/home' '${process.execPath}' '/opt/snap/launch.cjs' start`,
  ]);
});

test.each(["a file", "a link"])(
  "%s of somebody else in the place of the unit is left alone",
  async (kind) => {
    const environment = await machine(works);
    const { unit } = await showAutostart(environment, launcher);
    mkdirSync(path.dirname(unit), { recursive: true });
    const mine = path.join(top, "mine");
    writeFileSync(mine, "[Unit]\n");
    if (kind === "a file") writeFileSync(unit, "[Unit]\n");
    else symlinkSync(mine, unit);
    for (const act of [turnOn, turnOff]) {
      await expect(act(environment, launcher)).rejects.toMatchObject({
        code: "refused",
        path: unit,
      });
    }
    expect(readFileSync(unit, "utf8")).toBe("[Unit]\n");
    expect((await showAutostart(environment, launcher)).state).toBe("foreign");
  },
);

test("X23: systemctl gets no variable but those that it needs", async () => {
  process.env["SNAP_CANARY"] = "canary";
  const environment = await machine('env > "$HOME/env"; exit 1');
  await turnOn(environment, launcher);
  delete process.env["SNAP_CANARY"];
  expect(readFileSync(path.join(top, "env"), "utf8")).not.toMatch(/canary|SNAP_HOME/u);
});

test("the line means the same to a shell, whatever the names hold", () => {
  const odd = `/o'dd/$(touch x)/"a b"`;
  const [line = ""] = startupLines({ node: "/bin/echo", launcher: odd, home: odd });
  expect(execFileSync("/bin/sh", ["-c", line], { encoding: "utf8" })).toBe(`${odd} start\n`);
});

test("the unit escapes what systemd would read as its own", () => {
  const text = unitText({ node: "/a b/node", launcher: '/100%/$x/"q"\\', home: "/h\nUser=root" });
  expect(text).toContain('ExecStart="/a b/node" "/100%%/$$x/\\"q\\"\\\\" start --foreground\n');
  expect(text).toContain('Environment="SNAP_HOME=/h\\nUser=root"\n');
  expect(text).not.toMatch(/^User=/mu);
});

test("each home has a unit of its own, and the usual one the plain name", () => {
  const program = { node: "n", launcher: "l" };
  expect(unitName({ ...program, home: undefined })).toBe("snap-sync.service");
  expect(unitName({ ...program, home: "/a" })).not.toBe(unitName({ ...program, home: "/b" }));
});
