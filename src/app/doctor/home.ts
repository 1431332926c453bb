import { lstatSync, type Stats } from "node:fs";
import { SnapError } from "../../std/error.ts";
import type { Environment } from "../environment.ts";
import { isAtOrBelow } from "../find-workspace.ts";
import { ok, problem, warning, type Check } from "./check.ts";
import { diskOf, roomCheck } from "./space.ts";

/** Bits of a mode that let others in, and those that let them write. */
const othersBits = 0o077;
const othersWriteBits = 0o022;

/** Whether the settings can be read. @throws {SnapError} `settings-invalid`, `version-too-new`, `disk-error` */
export function checkSettings({ settings, locations }: Environment): Check {
  const { workspaces } = settings.read();
  const count = `${workspaces.length} ${workspaces.length === 1 ? "workspace" : "workspaces"}`;
  return ok("settings", `"${locations.config}" can be read (${count})`);
}

/**
 * The folder of everything that is remembered: whose it is, who may look in, whether it lasts (T49), and the room on its disk.
 *
 * @throws {SnapError} as `roomCheck`
 */
export function checkHome(environment: Environment, workspaces: readonly string[]): Check {
  const { home } = environment.locations;
  const around = workspaces.find((top) => isAtOrBelow(home, top));
  if (around !== undefined) return problem("home", homeInside(home, around));
  const open = openPlace(environment);
  if (open !== undefined) return warning("home", open);
  const disk = diskOf(home);
  const room = roomCheck(
    "home",
    { folder: home, text: `"${home}" can be changed by you alone` },
    disk,
  );
  if (room.state !== "ok" || !disk.isMemory) return room;
  const lost = {
    text: `"${home}" lies in memory: the login, the links and what snap knows of both sides are gone when this machine stops`,
    hint: "Set SNAP_HOME to a folder on a disk that lasts.",
  };
  return warning("home", lost, { freeBytes: Number(disk.freeBytes) });
}

function homeInside(home: string, workspace: string): SnapError {
  return new SnapError(
    "settings-invalid",
    `The home "${home}" lies in the workspace "${workspace}"`,
    {
      hint: "Move it out, and set SNAP_HOME to its new place: tokens and indexes are not to be synced.",
    },
  );
}

/** The first of our places that others can read or change. The secrets have a check of their own, with the login (X14). */
function openPlace({ locations }: Environment): { text: string; hint: string } | undefined {
  const { home, config, workspaces, log } = locations;
  for (const place of [home, config, workspaces, log]) {
    const stat = lstatSync(place, { throwIfNoEntry: false });
    // The home itself may be looked into: what is in it is closed by itself.
    const bits = place === home ? othersWriteBits : othersBits;
    const trouble = stat === undefined ? undefined : openTrouble(stat, bits);
    if (trouble === undefined) continue;
    return { text: `"${place}" ${trouble.text}`, hint: `${trouble.command} "${place}"` };
  }
  return undefined;
}

function openTrouble(stat: Stats, bits: number): { text: string; command: string } | undefined {
  const user = process.getuid?.();
  // A system without users has no permission bits that could be judged.
  if (user === undefined) return undefined;
  if (stat.uid !== user) return { text: "belongs to another user", command: `chown ${user}` };
  if ((stat.mode & bits) === 0) return undefined;
  const mode = (stat.mode & 0o777).toString(8).padStart(4, "0");
  return {
    text: `is open to other users (mode ${mode})`,
    command: `chmod ${stat.isDirectory() ? "700" : "600"}`,
  };
}
