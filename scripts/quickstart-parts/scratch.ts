import { lstatSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";

/** One folder for everything the quickstart makes; one run at a time. */
export type Scratch = {
  readonly home: string;
  readonly workspace: string;
  remove(): void;
};

/**
 * Make the scratch folder anew. What a run that was killed left behind is removed first.
 *
 * @throws {Error} when another run is alive, or the place belongs to somebody else.
 */
export function openScratch(): Scratch {
  const folder = path.join(os.tmpdir(), `snap-quickstart-${os.userInfo().uid}`);
  clearLeftover(folder);
  mkdirSync(folder, { mode: 0o700 });
  writeFileSync(path.join(folder, "pid"), String(process.pid));
  const workspace = path.join(folder, "workspace");
  mkdirSync(workspace);
  return {
    home: path.join(folder, "home"),
    workspace,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function clearLeftover(folder: string): void {
  const stat = lstatSync(folder, { throwIfNoEntry: false });
  if (stat === undefined) return;
  if (!stat.isDirectory() || stat.uid !== os.userInfo().uid) {
    throw new Error(`${folder} is not ours: remove it and run the quickstart again`);
  }
  const owner = ownerOf(folder);
  if (owner !== undefined) throw new Error(`Another quickstart is running (process ${owner})`);
  rmSync(folder, { recursive: true, force: true });
}

/** The process that made the folder, if it still lives and is a quickstart. */
function ownerOf(folder: string): number | undefined {
  try {
    const pid = Number(readFileSync(path.join(folder, "pid"), "utf8"));
    if (pid === process.pid) return undefined;
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("quickstart") ? pid : undefined;
  } catch {
    // No pid was written, or no such process lives: the run that made the folder is over.
    return undefined;
  }
}
