import { utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runCheck, type CheckReport, type CheckRequest } from "../../src/engine/check/check.ts";
import type { CheckFinding } from "../../src/engine/check/finding.ts";
import { openEngine } from "../../src/engine/engine.ts";
import type { SyncReport } from "../../src/core/plan/sync-report.ts";
import { present } from "../../src/std/assert.ts";
import { at, type LinkedWorkspace } from "./linked-workspace.ts";

/** What a check said: one line a finding, `kind side path`, sorted. */
export type Checked = CheckReport & {
  readonly findings: readonly CheckFinding[];
  readonly lines: readonly string[];
};

export async function check(
  workspace: LinkedWorkspace,
  options: Partial<CheckRequest> = {},
): Promise<Checked> {
  const findings: CheckFinding[] = [];
  const onFinding = (finding: CheckFinding): void => void findings.push(finding);
  const request = { rehash: false, dryRun: false, left: [], onFinding, ...options };
  const report = await runCheck(workspace.deps, request, {});
  const lines = findings.map(({ kind, side, path }) => `${kind} ${side} ${path}`).toSorted();
  return { ...report, findings, lines };
}

export function sync(workspace: LinkedWorkspace): Promise<SyncReport> {
  return openEngine(workspace.deps).sync();
}

/** The disk forgets bytes: other content of the same length, and no stamp that tells. */
export async function rot(
  workspace: LinkedWorkspace,
  path: string,
  content: string,
): Promise<void> {
  const { index, deps, top } = workspace;
  const before = present(await deps.local.stat(at(path)), path);
  const time = Number(BigInt(before.modifiedNs) / 1_000_000_000n);
  writeFileSync(join(top, path), content);
  utimesSync(join(top, path), time, time);
  const { stamp } = present(await deps.local.stat(at(path)), path);
  const node = workspace.nodeAt(index.local, path);
  // No program can set a ctime: the rows get the one that there is now.
  index.transaction(() => {
    index.local.put({ ...present(index.local.get(node), path), stamp, trusted: true });
    const synced = index.synced.get(node);
    if (synced !== undefined) index.synced.put({ ...synced, stamp, trusted: true });
  });
}

/** Changes on the server that the listing of changes never told of, as those of case (S35). */
export async function overlook(workspace: LinkedWorkspace): Promise<void> {
  const { index, deps } = workspace;
  let cursor = index.meta("cursor");
  for await (const page of deps.remote.pages(cursor)) cursor = page.cursor;
  index.transaction(() => index.setMeta("cursor", cursor));
}

/** A port with some of its methods replaced. */
export function replaced<P extends object>(port: P, methods: Partial<P>): P {
  return new Proxy(port, {
    get: (target, name) => {
      const own: unknown = Reflect.get(methods, name);
      if (own !== undefined) return own;
      const member: unknown = Reflect.get(target, name);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
}
