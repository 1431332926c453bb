import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import os from "node:os";
import path from "node:path";
import { expect, test } from "vitest";

const launcher = path.join(import.meta.dirname, "../../src/cli/launch.cjs");

/** What a Node of 2012 does not read, or does not find. */
const tooNew: readonly (readonly [string, RegExp])[] = [
  ["a catch without a name", /\bcatch\s*\{/u],
  ["an import", /\bimport\b/u],
  ["const, let, class, async, await or yield", /\b(?:const|let|class|async|await|yield)\b/u],
  ["an arrow", /=>/u],
  ["a template", /`/u],
  ["something spread", /\.\.\./u],
  ["a comma behind the last argument", /,\s*\)/u],
  ["an optional chain, ?? or **", /\?\.|\?\?|\*\*/u],
  ["a method or name in short", /[{,]\s*\w+\s*[,}]|[{,]\s*\w+\([^)]*\)\s*\{/u],
  ["a module with a prefix", /require\("node:/u],
];

/** The program without its comments and texts. */
function codeOf(text: string): string {
  return text
    .replaceAll(/\/\*[\s\S]*?\*\//gu, "")
    .replaceAll(/(?<!require\()"(?:[^"\\\n]|\\.)*"/gu, '""');
}

test("the launcher is JavaScript that every Node reads, so that an old one can say what is needed", () => {
  const code = codeOf(readFileSync(launcher, "utf8"));
  expect(tooNew.flatMap(([what, sign]) => (sign.test(code) ? [what] : []))).toEqual([]);
  expect(code).toContain("function refuse()");
});

/** A package that holds the launcher and a program that tells what it runs on; this process pretends to be older. */
class Package implements Disposable {
  readonly #top = mkdtempSync(path.join(os.tmpdir(), "snap-launcher-"));
  readonly #folder = path.join(this.#top, "inner/package/dist/cli");

  constructor() {
    mkdirSync(this.#folder, { recursive: true });
    copyFileSync(launcher, path.join(this.#folder, "launch.cjs"));
    const main = 'exports.run = function (words) { console.log("runs " + words); return 0; };\n';
    writeFileSync(path.join(this.#folder, "main.js"), main);
    const keep = "exports.keepCompiledCode = function () {};\n";
    writeFileSync(path.join(this.#folder, "compiled-code.js"), keep);
    const old = 'Object.defineProperty(process, "version", { value: "v12.22.0" });\n';
    writeFileSync(path.join(this.#top, "old.cjs"), old);
  }

  /** A Node in a folder of packages above the launcher; what it prints as its version, or the real one. */
  node(folder: string, says: string | undefined): void {
    const place = path.join(this.#top, folder, "node_modules/.bin");
    mkdirSync(place, { recursive: true });
    const file = path.join(place, "node");
    if (says === undefined) symlinkSync(process.execPath, file);
    else writeFileSync(file, `#!/bin/sh\necho ${says}\n`, { mode: 0o755 });
  }

  run(env: Readonly<Record<string, string>> = {}) {
    const words = ["--require", path.join(this.#top, "old.cjs"), "launch.cjs", "a", "b"];
    const options = {
      cwd: this.#folder,
      encoding: "utf8",
      env: { ...env, NODE_OPTIONS: "" },
    } as const;
    const { status, stdout, stderr } = spawnSync(process.execPath, words, options);
    return { status, stdout, stderr };
  }

  [Symbol.dispose](): void {
    rmSync(this.#top, { recursive: true });
  }
}

test("an old Node takes the first one around the package that is new enough", () => {
  using here = new Package();
  here.node("inner/package", "v18.20.0");
  here.node("inner", undefined);
  expect(here.run()).toEqual({ status: 0, stdout: "runs a,b\n", stderr: "" });
  expect(here.run({ SNAP_NODE: launcher }).stdout, "one that is no program").toBe("runs a,b\n");
});

test("an old Node without another one says in one sentence what is needed", () => {
  using here = new Package();
  here.node("inner", "v18.20.0");
  const { status, stdout, stderr } = here.run();
  expect([status, stdout]).toEqual([2, ""]);
  expect(stderr).toBe(
    "snap needs Node.js 24 or newer; this is v12.22.0. Install it, or set SNAP_NODE to the path of one.\n",
  );
});
