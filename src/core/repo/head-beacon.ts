import { createHash } from "node:crypto";
import { z } from "zod";
import { labelMax, parseDocument } from "../document.ts";
import { pathKeyOf } from "../path/path-key.ts";
import { parseRelPath, pathComponents, type RelPath } from "../path/rel-path.ts";
import type { Operation } from "./finding.ts";

/** What is checked out in a work tree, as plain text tells it. */
export type WorkTreeHead = {
  /** Absent where no branch is checked out. */
  readonly branch?: string;
  /** Absent before the first commit. */
  readonly oid?: string;
  /** As `origin/main`. */
  readonly upstream?: string;
  readonly operation?: Operation;
};

/** What a device says of the work tree of a repository whose files it syncs (G49). */
export type HeadBeacon = WorkTreeHead & {
  /** ISO 8601, whole seconds, UTC. */
  readonly time: string;
  /** Name of the device, as its owner gave it; untrusted text. */
  readonly device: string;
};

/** Names that Git refuses for branches are refused here as well, and with them what a terminal might obey (G49). */
const refName = z
  .string()
  .min(1)
  .max(labelMax)
  // oxlint-disable-next-line no-control-regex -- they are what is refused
  .regex(/^[^\u0000-\u0020\u007f-\u009f~^:?*[\\\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]+$/u);

const beaconShape: z.ZodType<HeadBeacon> = z.object({
  branch: refName.exactOptional(),
  oid: z
    .string()
    .regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/u)
    .exactOptional(),
  upstream: refName.exactOptional(),
  operation: z.enum(["merge", "rebase", "am", "cherry-pick", "revert", "bisect"]).exactOptional(),
  time: z.iso.datetime({ precision: 0 }),
  device: z.string().max(labelMax),
});

/**
 * The folder of a work tree's beacons. Its name is made from the place of the work tree in the linked folder, which is the same on
 * each device and needs no object of the repository; it tells nobody the path.
 */
export function headFolder(workTree: RelPath): RelPath {
  const place = pathComponents(workTree).map(pathKeyOf).join("/");
  const id = createHash("sha256").update(`snap work tree\n${place}`).digest("hex").slice(0, 16);
  return parseRelPath(`.snap/git/${id}`);
}

/** Name of a device's beacon in such a folder. @throws {SnapError} `path-invalid` */
export function headPath(workTree: RelPath, device: string): RelPath {
  return parseRelPath(`${headFolder(workTree)}/${device}.json`);
}

/** The beacon as it is written. A name that is too long is cut; a branch that another device would refuse is left out. */
export function formatHead(beacon: HeadBeacon): string {
  const { branch, oid, upstream, operation, time, device } = beacon;
  const text = { time, device: device.slice(0, labelMax) };
  return `${JSON.stringify({ branch: sound(branch), oid, upstream: sound(upstream), operation, ...text })}\n`;
}

function sound(name: string | undefined): string | undefined {
  return name !== undefined && refName.safeParse(name).success ? name : undefined;
}

/** Undefined for whatever `formatHead` does not make; fields that a later version adds are passed over. */
export function parseHeadBeacon(text: string): HeadBeacon | undefined {
  return parseDocument(text, beaconShape);
}

/** What is checked out, for people: `feature at 1f2e33aa`. */
export function headText({ branch, oid }: WorkTreeHead): string {
  const at = oid === undefined ? "no commit yet" : oid.slice(0, 8);
  return branch === undefined ? at : `${branch} at ${at}`;
}
