import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import os from "node:os";
import path from "node:path";

/** One folder for everything that a run of the quickstart makes. */
export type Scratch = {
  readonly home: string;
  readonly workspace: string;
  /** Note a process that works in the folder, so that the next run can end it should this one be killed. */
  readonly noteChild: (pid: number | undefined) => void;
  remove(): void;
};

/**
 * Make a folder for this run. What runs that were killed left behind is cleared first: a `snap` that still works there is
 * ended, then the folder is removed.
 *
 * @throws {Error} when the place belongs to somebody else.
 */
export function openScratch(): Scratch {
  const base = path.join(os.tmpdir(), `snap-quickstart-${os.userInfo().uid}`);
  mkdirSync(base, { recursive: true, mode: 0o700 });
  const stat = lstatSync(base);
  if (!stat.isDirectory() || stat.uid !== os.userInfo().uid) {
    throw new Error(`${base} is not ours: remove it and run the quickstart again`);
  }
  for (const name of readdirSync(base)) clearLeftover(path.join(base, name));
  const folder = mkdtempSync(path.join(base, "run-"));
  writeFileSync(path.join(folder, "pid"), String(process.pid));
  const workspace = path.join(folder, "workspace");
  mkdirSync(workspace);
  return {
    home: path.join(folder, "home"),
    workspace,
    noteChild: (pid) => writeFileSync(path.join(folder, "child"), String(pid ?? "")),
    remove: () => {
      rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
      removeIfEmpty(base);
    },
  };
}

function clearLeftover(folder: string): void {
  if (isAlive(noted(folder, "pid"), "quickstart")) return;
  const child = noted(folder, "child");
  if (child !== undefined && isAlive(child, "launch.cjs")) process.kill(child, "SIGKILL");
  rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
}

function noted(folder: string, name: string): number | undefined {
  try {
    const pid = Number(readFileSync(path.join(folder, name), "utf8"));
    return Number.isInteger(pid) && pid > 0 ? pid : undefined;
  } catch {
    // The run was killed before it had written it.
    return undefined;
  }
}

/** Whether the process lives and is what it should be: numbers of processes are used again. */
function isAlive(pid: number | undefined, word: string): boolean {
  try {
    return pid !== undefined && readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(word);
  } catch {
    // No such process.
    return false;
  }
}

function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // Another run works beside this one.
  }
}
