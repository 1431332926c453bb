import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { EngineChoice } from "../../src/guard/describe.ts";
import { openGuard } from "../../src/guard/repo-guard.ts";
import { systemClock } from "../../src/std/time.ts";
import { benchDamage } from "./guard-damage.ts";
import { measuredRun } from "./process-memory.ts";
import { count, medianMs, milliseconds, printFigure, ratio, runProgram, seconds } from "./table.ts";

/** As the budgets of the guard name them. */
const folders = 27_000;
const files = 200_000;
const filesInRepository = 20_000;
const commits = 5_000;
const unpushed = 100;
const objects = 90_000;
const rounds = 3;

/** What it costs to look for repositories, and to say what one holds, beside the system's own programs. */
export async function benchGuard(): Promise<void> {
  const top = realpathSync(mkdtempSync(path.join(tmpdir(), "snap-bench-")));
  try {
    printFigure({ what: "what", aim: "aim", measured: "measured" });
    const tree = path.join(top, "tree");
    makeTree(tree);
    await benchDetection(top, tree);
    const repository = path.join(top, "repository");
    makeRepository(repository, commits);
    await benchDescription(repository);
    const packed = path.join(top, "packed");
    // Each commit after the first has a file, its folder and the top of its own.
    makeRepository(packed, Math.ceil((objects - filesInRepository) / 4));
    await benchDamage({ top, packed, objects });
  } finally {
    rmSync(top, { recursive: true, force: true });
  }
}

function makeTree(tree: string): void {
  for (let folder = 0; folder < folders; folder += 1) {
    const place = path.join(tree, `d${folder % 270}`, `e${folder}`);
    mkdirSync(place, { recursive: true });
    for (let file = folder; file < files; file += folders) {
      writeFileSync(path.join(place, `f${file}`), "");
    }
  }
}

async function benchDetection(top: string, tree: string): Promise<void> {
  const guard = openGuard({ clock: systemClock });
  const check = async (): Promise<void> => {
    await guard.check(tree, { rules: () => false, overrides: [] });
  };
  const found = await medianMs(rounds, () => runProgram("find", [tree, "-name", ".git"]));
  const checked = await medianMs(rounds, check);
  printFigure({
    what: `detection in ${count(files)} files, ${count(folders)} folders`,
    aim: "2 s",
    measured: seconds(checked),
  });
  printFigure({
    what: "  beside find -name",
    aim: "",
    measured: ratio(checked, found),
    note: milliseconds(found),
  });
  const home = path.join(top, "home");
  mkdirSync(home);
  const { peak } = await measuredRun(["guard", "check", tree], { home, cwd: top });
  printFigure({ what: "  memory of snap guard check", aim: "300 MiB", measured: `${peak} MiB` });
}

/** One commit with all files, then many that change one each; the last of them are not pushed. */
function makeRepository(folder: string, commits: number): void {
  mkdirSync(folder);
  const git = (words: readonly string[], input = ""): void => {
    execFileSync("git", ["-C", folder, ...words], { input, stdio: ["pipe", "ignore", "ignore"] });
  };
  const change = (file: number, text: string): string =>
    `M 100644 inline d${file % 200}/f${file}\ndata ${text.length}\n${text}\n`;
  const commit = (number: number, changes: string): string =>
    `commit refs/heads/main\ncommitter A <a@example.org> ${1_700_000_000 + number} +0000\ndata 1\nx\n${changes}\n`;
  const all = Array.from({ length: filesInRepository }, (_, file) => change(file, `${file}`));
  const later = Array.from({ length: commits - 1 }, (_, at) =>
    commit(at + 1, change((at * 7) % filesInRepository, `changed ${at}`)),
  );
  git(["init", "-q", "-b", "main"]);
  git(["fast-import", "--quiet"], [commit(0, all.join("")), ...later].join(""));
  git(["reset", "-q", "--hard"]);
  git(["remote", "add", "origin", "https://example.org/r"]);
  git(["update-ref", "refs/remotes/origin/main", `main~${unpushed}`]);
}

async function benchDescription(folder: string): Promise<void> {
  const programs = { path: process.env["PATH"], home: undefined, configHome: undefined };
  const guard = openGuard({ clock: systemClock, programs });
  const what = `description of ${count(filesInRepository)} files, ${count(commits)} commits`;
  const status = await medianMs(rounds, () => runProgram("git", ["-C", folder, "status"]));
  for (const [engine, aim] of [
    ["git", "0.5 s"],
    ["isomorphic-git", "2 s"],
    ["none", ""],
  ] as const satisfies readonly (readonly [EngineChoice, string])[]) {
    const checked = await medianMs(rounds, async () => {
      const report = await guard.check(folder, { rules: () => false, overrides: [], engine });
      const told = report.findings[0]?.facts?.work.unpushed;
      const isRight = told?.precision !== "exact" || told.value === unpushed;
      if (!isRight) throw new Error(`${engine} counted wrongly`);
    });
    const note = engine === "git" ? `git status alone: ${milliseconds(status)}` : "";
    printFigure({ what: `${what}, ${engine}`, aim, measured: seconds(checked), note });
  }
}
