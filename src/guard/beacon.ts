import {
  formatHead,
  headFolder,
  headPath,
  parseHeadBeacon,
  type HeadBeacon,
} from "../core/repo/head-beacon.ts";
import { formatPolicy, parsePolicy, policyPath, type RepoPolicy } from "../core/repo/policy.ts";
import { joinPath, type RelPath } from "../core/path/rel-path.ts";
import type { RemoteSide } from "../ports.ts";
import { isSnapError } from "../std/error.ts";

/** What reading and writing our documents takes. */
type Documents = Pick<RemoteSide, "document" | "writeDocument" | "documents">;

/** Beacons of other devices that are read for one work tree. */
const devicesMax = 16;

/** What the devices of a linked folder agreed on (G46); undefined where nothing readable is there. */
export async function readPolicy(remote: Documents): Promise<RepoPolicy | undefined> {
  try {
    const document = await remote.document(policyPath);
    return document && parsePolicy(document.text);
  } catch (error) {
    // A folder of this name, which anybody can make there, says nothing.
    if (isSnapError(error, "conflict")) return undefined;
    throw error;
  }
}

/** Put a policy in the place of whatever is there. @throws {SnapError} what `RemoteSide` throws */
export async function writePolicy(remote: Documents, policy: RepoPolicy): Promise<void> {
  await writeOver(remote, policyPath, formatPolicy(policy));
}

/** Tell the other devices what is checked out here (G49). @throws {SnapError} what `RemoteSide` throws */
export async function writeHead(
  remote: Documents,
  { workTree, device, beacon }: { workTree: RelPath; device: string; beacon: HeadBeacon },
): Promise<void> {
  await writeOver(remote, headPath(workTree, device), formatHead(beacon));
}

/** A document whose revision is not known is read first; who wrote at the same moment wins once, and is then replaced. */
async function writeOver(remote: Documents, path: RelPath, text: string): Promise<void> {
  const write = async (): Promise<void> => {
    const there = await remote.document(path);
    if (there?.text !== text) await remote.writeDocument(path, text, there?.rev);
  };
  try {
    await write();
  } catch (error) {
    if (!isSnapError(error, "conflict")) throw error;
    await write();
  }
}

/**
 * What the other devices have checked out at the place of a work tree: data from strangers, each checked field by field (G49).
 *
 * @param device our own, which is left out
 */
export async function readHeads(
  remote: Documents,
  { workTree, device }: { readonly workTree: RelPath; readonly device: string },
): Promise<readonly HeadBeacon[]> {
  const folder = headFolder(workTree);
  const names = (await remote.documents(folder)).filter(
    (name) => /^[\w-]{1,64}\.json$/u.test(name) && name !== `${device}.json`,
  );
  const beacons: HeadBeacon[] = [];
  for (const name of names.slice(0, devicesMax)) {
    const document = await remote.document(joinPath(folder, name));
    const beacon = document && parseHeadBeacon(document.text);
    if (beacon !== undefined) beacons.push(beacon);
  }
  return beacons;
}
