import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { GuardReport } from "../../src/core/repo/finding.ts";
import type { OverrideRecord } from "../../src/core/repo/override.ts";
import type { GuardPrograms } from "../../src/guard/describer.ts";
import { openGuard, type GuardOptions } from "../../src/guard/repo-guard.ts";
import type { Clock } from "../../src/std/time.ts";

export const now: number = Date.UTC(2026, 10, 21, 12);

/** Time stands still: no sleep ends but by its signal. */
export const fixedClock: Clock = {
  now: () => now,
  sleep: (_, signal) =>
    new Promise((_resolve, reject) => {
      signal?.addEventListener("abort", () => reject(new Error("no more sleep")), { once: true });
    }),
};

/** No configuration of the machine, and a name for commits. */
export const gitEnvironment: NodeJS.ProcessEnv = {
  PATH: process.env["PATH"],
  HOME: "/nonexistent",
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_AUTHOR_NAME: "A",
  GIT_AUTHOR_EMAIL: "a@example.org",
  GIT_COMMITTER_NAME: "A",
  GIT_COMMITTER_EMAIL: "a@example.org",
};

/** Git by itself: no configuration of the machine, no hooks of a template. */
export function git(folder: string, ...parameters: string[]): string {
  return execFileSync("git", ["-C", folder, ...parameters], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    env: gitEnvironment,
  });
}

/** A folder of its own, removed afterwards. `top` is the folder that is checked. */
export class Scratch implements Disposable {
  readonly root: string = realpathSync(mkdtempSync(join(tmpdir(), "snap-guard-")));
  readonly top: string = join(this.root, "D");
  readonly tmp: string = `${this.root}-tmp`;

  constructor() {
    mkdirSync(this.top);
  }

  at(path: string): string {
    return join(this.top, path);
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(this.at(path)), { recursive: true });
    writeFileSync(this.at(path), text);
  }

  folder(path: string): string {
    mkdirSync(this.at(path), { recursive: true });
    return this.at(path);
  }

  /** `git init -b main` and three commits. */
  base(path = "."): string {
    const folder = this.folder(path);
    git(folder, "init", "-q", "-b", "main");
    for (const number of [1, 2, 3]) this.commit(folder, `file${number}`);
    return folder;
  }

  commit(folder: string, name: string): void {
    writeFileSync(join(folder, name), `${name}\n`);
    git(folder, "add", name);
    git(folder, "commit", "-q", "-m", name);
  }

  /** A repository outside the workspace, added as a submodule and not committed yet. */
  submodule(folder: string, path: string): void {
    const lib = join(this.root, "lib");
    mkdirSync(lib);
    git(lib, "init", "-q", "-b", "main");
    this.commit(lib, "a");
    const allow = ["-c", "protocol.file.allow=always"];
    git(folder, ...allow, "submodule", "--quiet", "add", lib, path);
  }

  /** A bare repository outside the workspace, known as `origin`, with everything pushed. */
  pushed(folder: string): void {
    const origin = join(this.root, "o.git");
    git(this.root, "init", "-q", "--bare", "-b", "main", origin);
    git(folder, "remote", "add", "origin", origin);
    git(folder, "push", "-q", "origin", "main");
  }

  /** @param programs other programs and settings than usual */
  check(
    top = this.top,
    options: Partial<GuardOptions> = {},
    programs: Partial<GuardPrograms> = {},
  ): Promise<GuardReport> {
    const overrides: readonly OverrideRecord[] = [];
    const all: GuardOptions = { rules: () => false, overrides, ...options };
    const guard = openGuard({
      clock: fixedClock,
      host: "desk",
      programs: { ...this.programs(), ...programs },
    });
    return guard.check(top, all);
  }

  /** Those of the machine, with a temporary folder of its own and no settings. */
  programs(): GuardPrograms {
    mkdirSync(this.tmp, { recursive: true });
    const places = { home: undefined, configHome: undefined, etc: join(this.root, "etc") };
    return { path: process.env["PATH"], tmp: this.tmp, ...places };
  }

  /** Bytes, modes and times of everything below the root. */
  fingerprint(): string {
    return createHash("sha256").update(facts(this.root).join("\n")).digest("hex");
  }

  [Symbol.dispose](): void {
    rmSync(this.root, { recursive: true, force: true });
    rmSync(this.tmp, { recursive: true, force: true });
  }
}

function facts(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    const stats = lstatSync(path, { bigint: true });
    const fact = `${path} ${stats.mode} ${stats.mtimeNs} ${stats.ctimeNs} ${stats.size}`;
    if (stats.isDirectory()) return [fact, ...facts(path)];
    return stats.isFile() ? [fact, readFileSync(path).toString("base64")] : [fact];
  });
}

/** The few members that most tests look at. */
export function brief(report: GuardReport): readonly string[] {
  return report.findings.map(
    ({ path, vcs, form, state, severity, covered }) =>
      `${path} ${vcs ?? "-"} ${form} ${state} ${severity}${covered ? " covered" : ""}`,
  );
}
