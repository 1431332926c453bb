import { hash } from "node:crypto";
import { readdir, unlink } from "node:fs/promises";
import path from "node:path";
import { isAlive, ownIdentity, type ProcessIdentity } from "../snapshot/process-identity.ts";
import { randomHex, type Rng } from "../std/random.ts";

const start = ".snap-tmp-export-";
const pattern =
  /^\.snap-tmp-export-([0-9a-f]{8})-([0-9a-f]{8})-([0-9a-f]{8})-(\d{1,10})-(\d{0,20})-[0-9a-f]{16}$/;

/**
 * The name of an archive that is being written: it tells by whom, so that what a killed export left can be told from what is under
 * way, and no sync takes it for a file, in case it stands in a workspace (N58).
 */
export async function besideName(rng: Rng): Promise<string> {
  const { host, boot, pids, pid, started } = await ownMark();
  return `${start}${[host, boot, pids, pid, started, randomHex(rng, 8)].join("-")}`;
}

/** Remove what exports into a folder have left that were killed on this machine. What cannot be judged or removed stays. */
export async function sweepBeside(folder: string): Promise<void> {
  const own = await ownMark();
  // A folder that can be written to and not listed keeps what it has.
  for (const name of await readdir(folder).catch(() => [])) {
    const other = markIn(name);
    if (other === undefined || (await isAlive(other, own)) !== false) continue;
    await unlink(path.join(folder, name)).catch(() => {});
  }
}

function markIn(name: string): ProcessIdentity | undefined {
  const [, host, boot, pids, pid, started] = pattern.exec(name) ?? [];
  if (host === undefined || boot === undefined || pids === undefined) return undefined;
  return { host, boot, pids, pid: Number(pid), started: started ?? "" };
}

/** Short enough for a name; machines are only compared. */
async function ownMark(): Promise<ProcessIdentity> {
  const own = await ownIdentity();
  const digits = (text: string): string => hash("sha256", text, "hex").slice(0, 8);
  return { ...own, host: digits(own.host), boot: digits(own.boot), pids: digits(own.pids) };
}
