import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { takeLock } from "../../src/state/process-lock.ts";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "snap-lock-"));
  path = join(folder, "lock");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const busy = (text: string): Error =>
  expect.objectContaining({
    code: "busy",
    exit: 6,
    message: expect.stringContaining(text),
  }) as Error;

/** Another process that holds the lock until it is killed. */
async function holder(): Promise<ChildProcess> {
  const child = fork(join(import.meta.dirname, "lock-holder.ts"), [path]);
  const [message] = await once(child, "message");
  expect(message).toBe("held");
  return child;
}

test("S12: a second holder is turned away at once and told who has it", () => {
  using _lock = takeLock(path, { what: "snap sync" });
  expect(() => takeLock(path, { what: "snap restore" })).toThrow(
    busy(`"snap sync" (process ${process.pid})`),
  );
  // Turning away must not have let go of the first one.
  expect(() => takeLock(path, { what: "snap restore" })).toThrow(busy("snap sync"));
});

test("S12: asking again in the holder's own process does not let others in", async () => {
  using _lock = takeLock(path, { what: "one" });
  expect(() => takeLock(path, { what: "two" })).toThrow(busy("one"));
  // Closing any handle of a file drops the POSIX locks of the whole process on it.
  const child = fork(join(import.meta.dirname, "lock-holder.ts"), [path]);
  const [message] = await once(child, "message");
  child.kill("SIGKILL");
  expect(message).toBe("busy");
});

test("S12: a lock that was given back can be taken again, and says no name any more", () => {
  takeLock(path, { what: "one" })[Symbol.dispose]();
  const second = takeLock(path, { what: "two" });
  second[Symbol.dispose]();
  second[Symbol.dispose]();
  expect(existsSync(`${path}.holder`)).toBe(false);
});

test("S12, X22: another process is kept out, and in again as soon as the holder is killed", async () => {
  const child = await holder();
  expect(() => takeLock(path, { what: "me" })).toThrow(busy(`"the child" (process ${child.pid})`));
  child.kill("SIGKILL");
  await once(child, "exit");
  using _lock = takeLock(path, { what: "me" });
  expect(readFileSync(`${path}.holder`, "utf8")).toContain(String(process.pid));
});

test("X22: a link in the lock's place is not followed", () => {
  const target = join(folder, "target");
  writeFileSync(target, "precious");
  symlinkSync(target, path);
  expect(() => takeLock(path, { what: "me" })).toThrow(
    expect.objectContaining({ code: "disk-error", path }) as Error,
  );
  expect(readFileSync(target, "utf8")).toBe("precious");
});

test("a lock file that holds something else is told, and left", () => {
  writeFileSync(path, "not a lock".repeat(100));
  expect(() => takeLock(path, { what: "me" })).toThrow(
    expect.objectContaining({ code: "damaged", hint: expect.stringContaining("Remove") }) as Error,
  );
});

test("a broken note of the holder does no harm", () => {
  using _lock = takeLock(path, { what: "one" });
  for (const note of ["{", "[]", '{"pid":"x"}']) {
    writeFileSync(`${path}.holder`, note);
    expect(() => takeLock(path, { what: "two" })).toThrow(busy("Another snap process"));
  }
});
