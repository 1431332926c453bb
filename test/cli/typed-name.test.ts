import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { openEnvironment } from "../../src/app/environment.ts";
import { overrideCommand } from "../../src/cli/commands/guard-override.ts";
import type { CliContext } from "../../src/cli/context.ts";
import { Output } from "../../src/cli/output.ts";

/** Somebody at a terminal who answers every question in the same way. */
async function answering(
  top: string,
  answer: string,
): Promise<{ readonly context: CliContext; readonly asked: string[] }> {
  const asked: string[] = [];
  const variables = { ...process.env, SNAP_HOME: path.join(top, "home") };
  const environment = await openEnvironment({ variables, cwd: top });
  const nowhere = new PassThrough().resume();
  const output = new Output({
    stdout: nowhere,
    stderr: nowhere,
    now: () => 0,
    json: true,
    progress: false,
    quiet: true,
    verbose: false,
    color: false,
  });
  const ask = (question: string): Promise<string> => {
    asked.push(question);
    return Promise.resolve(answer);
  };
  const questions = { isPossible: true, confirm: () => Promise.resolve(true), ask, secret: ask };
  const { signal } = new AbortController();
  const work = { signal };
  return {
    asked,
    context: { environment, output, questions, place: top, workspace: undefined, work },
  };
}

test("G44: on a terminal the name of the repository is typed, and nothing else will do", async () => {
  const top = realpathSync(mkdtempSync(path.join(os.tmpdir(), "snap-typed-")));
  try {
    const folder = path.join(top, "thesis");
    mkdirSync(folder);
    execFileSync("git", ["init", "-q", folder], { stdio: "pipe" });
    const reason = "one laptop only, pushed daily";
    const words = { folder, reason, trust: false, list: false, revoke: undefined, dryRun: false };
    const wrong = await answering(top, "yes");
    await expect(overrideCommand(wrong.context, words)).rejects.toMatchObject({ code: "refused" });
    expect(wrong.context.environment.settings.read().overrides).toEqual([]);
    expect(wrong.asked).toEqual(["Type the name of the repository to go on: thesis"]);
    const right = await answering(top, " thesis ");
    expect(await overrideCommand(right.context, words)).toBe(0);
    expect(right.context.environment.settings.read().overrides).toHaveLength(1);
    const tried = await answering(top, "");
    expect(await overrideCommand(tried.context, { ...words, dryRun: true })).toBe(0);
    expect(tried.asked).toEqual([]);
  } finally {
    rmSync(top, { recursive: true });
  }
});
