import { execFile } from "node:child_process";
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import os from "node:os";
import path from "node:path";
import type { Environment } from "../app/environment.ts";
import { describeError, SnapError, systemCode } from "../std/error.ts";
import {
  startupLines,
  unitMark,
  unitName,
  unitText,
  type StartedProgram,
} from "./autostart-text.ts";

/** How long systemctl may take, ms. */
const systemctlMs = 20_000;

/** Largest unit that is read, bytes. */
const unitBytesMax = 64 * 1024;

/** How it stands with the start at login or with the machine. */
export type Autostart = {
  /** Where the unit is, or would be. */
  readonly unit: string;
  /** `on`: systemd starts it. `unit-only`: the unit is there, and systemd does not answer. `foreign`: somebody else's file. */
  readonly state: "on" | "unit-only" | "off" | "foreign";
  /** For a start-up script, where there is no systemd. */
  readonly lines: readonly string[];
};

/** How it stands. Changes nothing. */
export async function showAutostart(
  environment: Environment,
  launcher: string,
): Promise<Autostart> {
  const program = programOf(environment, launcher);
  const unit = unitPath(environment, program);
  const lines = startupLines(program);
  const text = readUnit(unit);
  if (text === undefined) return { unit, state: "off", lines };
  if (!text.startsWith(unitMark)) return { unit, state: "foreign", lines };
  const isOn = await systemctl(environment, "is-enabled", unitName(program));
  return { unit, state: isOn ? "on" : "unit-only", lines };
}

/**
 * Have the daemon started with the machine by systemd, where that answers; the lines are for where it does not. May be done again. The daemon itself is not started by this.
 *
 * @throws {SnapError} `refused` where another's file has the name of the unit; `disk-error` where it cannot be written
 */
export async function turnOn(environment: Environment, launcher: string): Promise<Autostart> {
  const program = programOf(environment, launcher);
  const unit = unitPath(environment, program);
  refuseForeign(unit);
  writeUnit(unit, unitText(program));
  if (await systemctl(environment, "daemon-reload")) {
    await systemctl(environment, "enable", unitName(program));
  }
  return await showAutostart(environment, launcher);
}

/** Take that back: the unit goes. A daemon that runs goes on. May be done again. @throws {SnapError} as `turnOn` */
export async function turnOff(environment: Environment, launcher: string): Promise<Autostart> {
  const program = programOf(environment, launcher);
  const unit = unitPath(environment, program);
  refuseForeign(unit);
  if (readUnit(unit) !== undefined) {
    await systemctl(environment, "disable", unitName(program));
    rmSync(unit, { force: true });
    await systemctl(environment, "daemon-reload");
  }
  return await showAutostart(environment, launcher);
}

function programOf({ variables, locations }: Environment, launcher: string): StartedProgram {
  const named = variables["SNAP_HOME"];
  const home = named === undefined || named === "" ? undefined : locations.home;
  return { node: process.execPath, launcher, home };
}

function unitPath({ variables }: Environment, program: StartedProgram): string {
  const named = variables["XDG_CONFIG_HOME"];
  const home = variables["HOME"] ?? os.homedir();
  const config = named !== undefined && path.isAbsolute(named) ? named : path.join(home, ".config");
  return path.join(config, "systemd", "user", unitName(program));
}

/** Never through a link: what is there is then somebody else's. */
function readUnit(unit: string): string | undefined {
  const stat = lstatSync(unit, { throwIfNoEntry: false });
  if (stat === undefined) return undefined;
  if (!stat.isFile() || stat.size > unitBytesMax) return "";
  const { O_RDONLY, O_NOFOLLOW } = constants;
  try {
    const file = openSync(unit, O_RDONLY | O_NOFOLLOW);
    try {
      return fstatSync(file).isFile() ? readFileSync(file, "utf8") : "";
    } finally {
      closeSync(file);
    }
  } catch (error) {
    throw unitTrouble(error, unit);
  }
}

function refuseForeign(unit: string): void {
  const text = readUnit(unit);
  if (text === undefined || text.startsWith(unitMark)) return;
  throw new SnapError("refused", `The unit was not written by snap: "${unit}"`, {
    path: unit,
    hint: "Move it away, then try again.",
  });
}

function writeUnit(unit: string, text: string): void {
  const temporary = `${unit}.tmp-${process.pid}`;
  try {
    mkdirSync(path.dirname(unit), { recursive: true });
    rmSync(temporary, { force: true });
    writeFileSync(temporary, text, { flag: "wx", flush: true });
    renameSync(temporary, unit);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw unitTrouble(error, unit);
  }
}

function unitTrouble(error: unknown, unit: string): unknown {
  if (systemCode(error) === undefined) return error;
  return new SnapError(
    "disk-error",
    `The unit cannot be read or written: "${unit}" (${describeError(error)})`,
    { path: unit, cause: error, hint: "Check that the folder belongs to you." },
  );
}

/** Variables that systemctl finds the user's service manager by; no other is handed on (X23). */
const handedOn = ["HOME", "PATH", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS", "XDG_CONFIG_HOME"];

/** Whether it did what it was asked for; false also where there is none, or nobody answers. */
function systemctl({ variables }: Environment, ...words: readonly string[]): Promise<boolean> {
  const env = Object.fromEntries(handedOn.map((name) => [name, variables[name]]));
  return new Promise((resolve) => {
    execFile(
      "systemctl",
      ["--user", "--no-ask-password", ...words],
      { env, timeout: systemctlMs, maxBuffer: unitBytesMax },
      (error) => resolve(error === null),
    );
  });
}
