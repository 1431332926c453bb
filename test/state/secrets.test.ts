import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openSecrets } from "../../src/state/secrets.ts";

const account = "dbid:AAH4f99T0taONIb-OurWxbNQ6ywGRopQngc";
let top: string;
let folder: string;
let file: string;
beforeEach(() => {
  top = mkdtempSync(join(tmpdir(), "snap-secrets-"));
  folder = join(top, "secrets");
  file = join(folder, `${encodeURIComponent(account)}.token`);
});
afterEach(() => rmSync(top, { recursive: true, force: true }));

const unsafe = (hint: string): Error =>
  expect.objectContaining({ code: "settings-invalid", exit: 2, hint }) as Error;

test("a secret is written, replaced, read and removed", async () => {
  const secrets = openSecrets(folder);
  expect(await secrets.read(account)).toBeUndefined();
  await secrets.remove(account);
  await secrets.write(account, "one");
  await secrets.write(account, "two");
  expect([await secrets.read(account), await secrets.read("other")]).toEqual(["two", undefined]);
  await secrets.remove(account);
  await secrets.remove(account);
  expect([await secrets.read(account), readdirSync(folder)]).toEqual([undefined, []]);
});

test("X14: folder and file are for the user alone, whatever the umask", async () => {
  const before = process.umask(0o002);
  try {
    await openSecrets(folder).write(account, "one");
  } finally {
    process.umask(before);
  }
  const modes = [folder, file].map((path) => statSync(path).mode & 0o777);
  expect([modes, readdirSync(folder).length]).toEqual([[0o700, 0o600], 1]);
});

test("X14: what others may read is refused, with the command that helps", async () => {
  const secrets = openSecrets(folder);
  await secrets.write(account, "one");
  chmodSync(file, 0o644);
  await expect(secrets.read(account)).rejects.toThrow(unsafe(`chmod 600 "${file}"`));
  chmodSync(file, 0o600);
  chmodSync(folder, 0o750);
  await expect(secrets.read(account)).rejects.toThrow(unsafe(`chmod 700 "${folder}"`));
  await expect(secrets.write(account, "two")).rejects.toThrow(unsafe(`chmod 700 "${folder}"`));
  chmodSync(folder, 0o700);
  expect(await secrets.read(account)).toBe("one");
});

test.runIf(process.getuid?.() === 0)("X14: what belongs to another user is refused", async () => {
  const secrets = openSecrets(folder);
  await secrets.write(account, "one");
  chownSync(file, 12_345, 12_345);
  await expect(secrets.read(account)).rejects.toThrow(unsafe(`chown 0 "${file}"`));
});

test("X14: a link or a folder in the place of a secret is refused, and not followed", async () => {
  const secrets = openSecrets(folder);
  await secrets.write("first", "one");
  const target = join(top, "target");
  writeFileSync(target, "stolen", { mode: 0o600 });
  symlinkSync(target, file);
  await expect(secrets.read(account)).rejects.toThrow(unsafe("Remove it, then log in again."));
  await secrets.write(account, "two");
  expect([await secrets.read(account), existsSync(target)]).toEqual(["two", true]);
  rmSync(file);
  mkdirSync(file, { mode: 0o700 });
  await expect(secrets.read(account)).rejects.toThrow(unsafe("Remove it, then log in again."));
});

test("X14: a link in the place of the folder is refused", async () => {
  const elsewhere = join(top, "elsewhere");
  mkdirSync(elsewhere, { mode: 0o700 });
  symlinkSync(elsewhere, folder);
  const secrets = openSecrets(folder);
  await expect(secrets.read(account)).rejects.toThrow(unsafe("Remove it, then log in again."));
  await expect(secrets.write(account, "x")).rejects.toThrow();
  expect(readdirSync(elsewhere)).toEqual([]);
});

test("an account is never a path", async () => {
  const secrets = openSecrets(folder);
  for (const name of ["../../x", "..", ".", "a/b", "a\0b"]) {
    await secrets.write(name, name);
    expect(await secrets.read(name)).toBe(name);
  }
  expect([readdirSync(top), readdirSync(folder).length]).toEqual([["secrets"], 5]);
});
