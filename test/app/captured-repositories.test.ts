import path from "node:path";
import { expect, test } from "vitest";
import { captureWorkspace, type CaptureOutcome } from "../../src/app/capture.ts";
import type { Clock } from "../../src/std/time.ts";
import { systemClock } from "../../src/std/time.ts";
import { git } from "../guard/repositories.ts";
import { OpenCounter } from "../support/open-counter.ts";
import { LinkedHome } from "./linked-home.ts";

/** By which nothing on the disk is young. */
const later: Clock = { ...systemClock, now: () => Date.now() + 3_600_000 };

test("N5: a later command does not read a repository again to which nothing was written", async () => {
  await using home = await LinkedHome.open({ "r/a": "1" });
  const folder = path.join(home.place, "r");
  git(folder, "init", "-q", "-b", "main");
  git(folder, "add", ".");
  git(folder, "commit", "-q", "-m", "one");
  const environment = { ...home.environment, clock: later };
  const capture = async (): Promise<CaptureOutcome & { readonly opened: number }> => {
    using counter = new OpenCounter(path.join(folder, ".git/objects"));
    const request = { place: home.place, tags: [], force: false, dryRun: false };
    const outcome = await captureWorkspace(environment, request, {});
    return { ...outcome, opened: counter.opened.length };
  };
  const first = await capture();
  expect(first).toMatchObject({ root: { git: [{ id: "r/.git", dirty: false }] } });
  expect(first.opened).toBeGreaterThan(2);
  expect(await capture()).toMatchObject({ created: false, opened: 0 });
  home.write("r/a", "2");
  expect(await capture()).toMatchObject({
    created: true,
    root: { git: [{ id: "r/.git", consistency: "verified", dirty: true, branch: "main" }] },
  });
});
