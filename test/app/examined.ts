import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Background } from "../../src/app/doctor/background.ts";
import type { Check, CheckName } from "../../src/app/doctor/check.ts";
import { examine, type Examined } from "../../src/app/doctor/examine.ts";
import { isLinked, type LinkedRecord } from "../../src/app/find-workspace.ts";
import { lookAtFacts, workspaceStatus, type WatchStatus } from "../../src/app/live-status.ts";
import { programVersion } from "../../src/app/version.ts";
import { workspaceFiles, type WorkspaceFiles } from "../../src/state/locations.ts";
import type { LinkedHome } from "./linked-home.ts";

/** The limits of a system, as Linux tells them. */
export function limitsOf(home: LinkedHome, watches: number, instances = 128): string {
  const folder = path.join(home.top, `limits-${watches}-${instances}`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, "max_user_watches"), `${watches}\n`);
  writeFileSync(path.join(folder, "max_user_instances"), `${instances}\n`);
  return folder;
}

export async function look(
  home: LinkedHome,
  given: Partial<Examined> = {},
): Promise<readonly Check[]> {
  const examined: Examined = {
    patience: undefined,
    signal: undefined,
    background: () => Promise.resolve(undefined),
    autostart: () => Promise.resolve({ state: "off", unit: "/u" }),
    limits: limitsOf(home, 8192),
    ...given,
  };
  return await Array.fromAsync(examine(home.environment, examined));
}

export function named(checks: readonly Check[], name: CheckName): Check | undefined {
  return checks.find((check) => check.name === name);
}

export function recordOf({ environment }: LinkedHome): LinkedRecord {
  const record = environment.settings.read().workspaces.find(isLinked);
  if (record === undefined) throw new Error("nothing is linked");
  return record;
}

export function filesOf(home: LinkedHome): WorkspaceFiles {
  return workspaceFiles(home.environment.locations, recordOf(home).id);
}

export function daemon(
  home: LinkedHome,
  watch: WatchStatus,
  version = programVersion(),
): Background {
  const { environment } = home;
  const record = recordOf(home);
  const facts = lookAtFacts(environment, record);
  const live = { state: "idle", since: 0, left: [], held: 0, pending: 0 } as const;
  const status = workspaceStatus(environment, { record, facts, live, watch });
  return { pid: process.pid, version, workspaces: [status] };
}
