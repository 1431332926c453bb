import { execFileSync } from "node:child_process";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readOnlyFs } from "../../src/guard/read-only-fs.ts";
import { userSettings } from "../../src/guard/user-config.ts";
import { configValue } from "../../src/guard/git-config.ts";
import { Scratch } from "./repositories.ts";

test("G32: what is inside is read", async () => {
  using scratch = new Scratch();
  scratch.write("a/b", "text");
  symlinkSync("b", scratch.at("a/link"));
  const { promises: fs } = readOnlyFs([Buffer.from(scratch.top)]);
  expect(await fs.readFile(scratch.at("a/b"), "utf8")).toBe("text");
  expect(await fs.readFile(scratch.at("a/b"))).toEqual(Buffer.from("text"));
  expect(await fs.readFile(scratch.at("a/link"), { encoding: "utf8" })).toBe("text");
  expect(await fs.readdir(scratch.at("a"))).toEqual(["b", "link"]);
  expect((await fs.stat(scratch.at("a"))).isDirectory()).toBe(true);
});

test("G32: what is outside, a pipe, and a link that leads out are not there", async () => {
  using scratch = new Scratch();
  const outside = join(scratch.root, "outside");
  mkdirSync(outside);
  writeFileSync(join(outside, "secret"), "x");
  symlinkSync(outside, scratch.at("link"));
  symlinkSync(join(outside, "secret"), scratch.at("file"));
  execFileSync("mkfifo", [scratch.at("pipe")]);
  mkdirSync(`${scratch.top}-beside`);
  const { promises: fs } = readOnlyFs([Buffer.from(scratch.top)]);
  for (const path of [
    join(outside, "secret"),
    scratch.at("link/secret"),
    scratch.at("file"),
    scratch.at("pipe"),
    scratch.at("../outside/secret"),
    `${scratch.top}-beside`,
    scratch.at("gone"),
  ]) {
    await expect(fs.readFile(path), path).rejects.toMatchObject({ code: "ENOENT" });
  }
  await expect(fs.readdir(scratch.at("link"))).rejects.toMatchObject({ code: "ENOENT" });
  await expect(fs.readFile(scratch.top)).rejects.toMatchObject({ code: "EISDIR" });
});

test("X24: rules to ignore files that are beyond bounds are not there", async () => {
  using scratch = new Scratch();
  const { promises: fs } = readOnlyFs([Buffer.from(scratch.top)]);
  for (const path of [".gitignore", "a/.gitignore", "info/exclude"]) {
    scratch.write(path, "*.tmp\n");
    expect(await fs.readFile(scratch.at(path), "utf8")).toBe("*.tmp\n");
    scratch.write(path, "*a*a*a*a*b\n");
    await expect(fs.readFile(scratch.at(path)), path).rejects.toMatchObject({ code: "ENOENT" });
  }
  scratch.write("large", "x".repeat(1024 * 1024 + 1));
  await expect(fs.readFile(scratch.at("large"))).rejects.toMatchObject({ code: "ENOENT" });
});

test("G32: every call that writes fails, and nothing is written", async () => {
  using scratch = new Scratch();
  scratch.write("a", "text");
  const before = scratch.fingerprint();
  const { promises: fs } = readOnlyFs([Buffer.from(scratch.top)]);
  const names = ["writeFile", "mkdir", "rmdir", "unlink", "symlink", "rm", "chmod"] as const;
  for (const name of names) await expect(fs[name]()).rejects.toMatchObject({ code: "EROFS" });
  expect(scratch.fingerprint()).toBe(before);
});

test("G33: the user's own settings count, with the home written out; what they include does not", () => {
  using scratch = new Scratch();
  const home = scratch.top;
  scratch.write(".gitconfig", "[core]\nexcludesFile = ~/mine\n[include]\npath = more\n");
  scratch.write("more", "[core]\nautocrlf = true\n");
  scratch.write(".config/git/config", "[core]\neol = crlf\n");
  scratch.write(".config/git/ignore", "*.tmp\n");
  const value = (name: string, configHome?: string): string | undefined =>
    configValue(userSettings({ home, configHome }).configs.flat(), `core.${name}`);
  expect(value("excludesfile")).toBe(join(home, "mine"));
  expect(value("eol")).toBe("crlf");
  expect(value("autocrlf")).toBeUndefined();
  scratch.write(".gitconfig", "");
  expect(value("excludesfile")).toBe(join(home, ".config/git/ignore"));
  expect(value("excludesfile", join(home, "elsewhere"))).toBeUndefined();
});
