import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { captureWorkspace } from "../../src/app/capture.ts";
import { requireLink } from "../../src/app/find-workspace.ts";
import { restoreWorkspace, undoRestore } from "../../src/app/restore.ts";
import { syncWorkspace } from "../../src/app/sync.ts";
import { openLinked } from "../../src/app/workspace.ts";
import type { RestoreReport } from "../../src/core/snapshot/restore-report.ts";
import { LinkedHome } from "./linked-home.ts";

type Hooked = {
  readonly home: LinkedHome;
  /** What the programs wrote, a line a run: what they were called with, `a` as they found it, and their variables. */
  readonly runs: () => readonly string[];
  /** Without the ids. */
  readonly set: (before: readonly string[], after: readonly string[]) => void;
};

/** `a` was "1" when the snapshot was taken, and is "2" now. */
async function hooked(): Promise<Hooked> {
  const home = await LinkedHome.open({ a: "1" });
  await captureWorkspace(
    home.environment,
    { place: home.place, label: "one", tags: [], force: false, dryRun: false },
    {},
  );
  home.write("a", "2");
  await syncWorkspace(home.environment, home.place, {});
  const log = path.join(home.top, "log");
  const program = path.join(home.top, "recorder");
  const line = `$1 a=$(/bin/cat a) \${SNAP_OUTCOME:-none} \${SNAP_RESTORE:-none} \${SNAP_SNAPSHOT:-none}`;
  const text = `#!/bin/sh\necho "${line}" >> "${log}"\n[ "$2" = fail ] && { echo no room; exit 3; }\nexit 0\n`;
  writeFileSync(program, text, { mode: 0o755 });
  return {
    home,
    runs: () => (existsSync(log) ? readFileSync(log, "utf8").trimEnd().split("\n") : []),
    set: (before, after) =>
      home.set({
        "restore.before": [[program, "before", ...before]],
        "restore.after": [[program, "after", ...after]],
      }),
  };
}

async function restore({ home }: Hooked, dryRun = false): Promise<RestoreReport | "planned"> {
  const { place } = home;
  const words = { place, dryRun, reference: "one", paths: [], delete: undefined } as const;
  const consent = { by: "yes" } as const;
  const given = { ...words, consent, onUnsaved: "replace", onEvent: () => {} } as const;
  return await restoreWorkspace(home.environment, given, {});
}

test("T42: programs run around a restore and its undo, and are told which it is and what came of it", async () => {
  const hook = await hooked();
  await using home = hook.home;
  hook.set([], []);
  expect(await restore(hook, true)).toBe("planned");
  expect(hook.runs(), "a dry run runs nothing").toEqual([]);
  const report = await restore(hook);
  if (report === "planned") throw new Error("it is carried out");
  const { restore: id, snapshot } = report;
  expect(hook.runs()).toEqual([
    `before a=2 none ${id} ${snapshot}`,
    `after a=1 done ${id} ${snapshot}`,
  ]);
  const undo = { place: home.place, restore: undefined, skipChanged: false, dryRun: false };
  const consent = { by: "yes" } as const;
  await undoRestore(home.environment, { ...undo, consent, onEvent: () => {} }, {});
  expect(hook.runs()).toHaveLength(4);
  expect(hook.runs()[3]).toMatch(/^after a=2 done [0-9a-f]+ none$/);
});

test("T43: where one before it fails nothing is changed, exit 3, and those after it run", async () => {
  const hook = await hooked();
  await using home = hook.home;
  hook.set(["fail"], []);
  await expect(restore(hook)).rejects.toMatchObject({ code: "refused", exit: 3 });
  expect(home.read("a")).toBe("2");
  expect(hook.runs().map((line) => line.split(" ").slice(0, 3).join(" "))).toEqual([
    "before a=2 none",
    "after a=2 not-done",
  ]);
  home.set({});
  expect(await restore(hook)).toMatchObject({ exit: 0, state: "done" });
});

test("T43: where one after it fails the exit is 4, and the files stay restored", async () => {
  const hook = await hooked();
  await using home = hook.home;
  hook.set([], ["fail"]);
  expect(await restore(hook)).toMatchObject({
    exit: 4,
    state: "done",
    left: [{ path: "", side: "local", reason: expect.stringContaining("restore.after") }],
  });
  expect(home.read("a")).toBe("1");
});

test("T43: where the program was killed right after the end, those after it run with the next command", async () => {
  const hook = await hooked();
  await using home = hook.home;
  const report = await restore(hook);
  if (report === "planned") throw new Error("it is carried out");
  hook.set([], []);
  const record = requireLink(home.environment, home.place);
  {
    await using workspace = await openLinked(home.environment, record, "test");
    const { index } = workspace.state;
    index.transaction(() => index.setMeta("restore_hooked", report.restore));
  }
  await syncWorkspace(home.environment, home.place, {});
  await syncWorkspace(home.environment, home.place, {});
  expect(hook.runs()).toEqual([`after a=1 done ${report.restore} ${report.snapshot}`]);
});
