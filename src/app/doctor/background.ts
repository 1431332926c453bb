import { SnapError } from "../../std/error.ts";
import type { Environment } from "../environment.ts";
import type { WorkspaceStatus } from "../live-status.ts";
import { findRunFolder } from "../run-folder.ts";
import { isRunLockHeld } from "../run-lock.ts";
import { programVersion } from "../version.ts";
import { ok, problem, warning, type Check } from "./check.ts";

/** A daemon that answered. */
export type Background = {
  readonly pid: number;
  readonly version: string;
  readonly workspaces: readonly WorkspaceStatus[];
};

/** How it stands with the start with the machine. */
export type StartsItself = {
  readonly unit: string;
  readonly state: "on" | "unit-only" | "off" | "foreign";
};

/** Whether the daemon runs, and is of this version. @throws {SnapError} `refused` where the way to it is not safe (X19) */
export function checkBackground(
  { locations }: Environment,
  background: Background | undefined,
  isNeeded: boolean,
): Check {
  if (background !== undefined) return checkVersion(background);
  const folder = findRunFolder(locations);
  if (folder !== undefined && isRunLockHeld(folder, "worker"))
    return problem("background", silent());
  if (!isNeeded) return ok("background", "The background sync is off");
  const text = "The background sync is off: nothing is synced but by `snap sync`";
  return warning("background", { text, hint: "`snap start` starts it." });
}

function checkVersion({ version, pid }: Background): Check {
  const own = programVersion();
  if (version === own) return ok("background", `The background sync runs (process ${pid})`);
  const text = `The background sync is of version ${version}, this program of ${own}`;
  return warning("background", { text, hint: "`snap restart` brings it to this version." });
}

function silent(): SnapError {
  return new SnapError(
    "daemon-off",
    "The background sync does not answer: it is starting, or it hangs",
    {
      hint: "Run `snap doctor` again in a minute; where it stays so, `snap restart`.",
    },
  );
}

/** Whether it is started with the machine: lines in a start-up script are not known here, so off is no warning. */
export function checkAutostart({ state, unit }: StartsItself): Check {
  switch (state) {
    case "on":
      return ok("autostart", "systemd starts the background sync with your session");
    case "off":
      return ok(
        "autostart",
        "No systemd unit; `snap autostart on` makes one, or tells the line for a start-up script",
      );
    case "unit-only":
      return warning("autostart", {
        text: `"${unit}" is there, but systemd does not start it`,
        hint: "`snap autostart show` tells the line for a start-up script.",
      });
    case "foreign":
      return warning("autostart", {
        text: `"${unit}" was not written by snap`,
        hint: "Move it away, then run `snap autostart on`.",
      });
  }
}
