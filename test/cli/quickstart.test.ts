import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { expect, test } from "vitest";

const script = path.join(import.meta.dirname, "../../scripts/quickstart.ts");

type Ended = { readonly code: number | null; readonly told: string };

/** Run the quickstart in a folder for temporary files of its own, and end it as soon as a step begins. */
function runUntil(temporary: string, step: string, signal: NodeJS.Signals): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [script], {
      env: { ...process.env, TMPDIR: temporary },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let told = "";
    const hear = (text: string): void => {
      told += text;
      if (told.includes(step)) child.kill(signal);
    };
    child.stdout.setEncoding("utf8").on("data", hear);
    child.stderr.setEncoding("utf8").on("data", hear);
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, told }));
  });
}

test("the quickstart can be killed in any step and run again, and cleans up when it is interrupted", async () => {
  const temporary = mkdtempSync(path.join(os.tmpdir(), "snap-quickstart-test-"));
  try {
    for (const step of [" 1. ", " 2. ", " 3. ", " 4. "]) {
      const killed = await runUntil(temporary, step, "SIGKILL");
      expect(killed.told, killed.told).toContain(step);
    }
    const interrupted = await runUntil(temporary, " 5. ", "SIGINT");
    expect(interrupted.code, interrupted.told).toBe(130);
    expect(interrupted.told).toContain("Up to date");
    expect(readdirSync(temporary)).toEqual([]);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
});
