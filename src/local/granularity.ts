import { constants } from "node:fs";
import { randomHex } from "../std/random.ts";
import { isSnapError, systemCode } from "../std/error.ts";
import { openFolder, ownFolder, type Site } from "./parents.ts";

const millisecondNs = 1_000_000n;

/** Disks that write finer times still stamp by a clock that ticks only so often. */
const granularityNsMin: bigint = 20n * millisecondNs;

/** For disks that tell nothing: the coarsest in use, FAT. */
export const granularityNsUnknown: bigint = 2_000n * millisecondNs;

const steps: readonly bigint[] = [2_000n, 1_000n, 100n];

const createFlags =
  constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

/**
 * Granularity of the disk's time stamps, ns (S24), from the stamp of a file made and removed below `.snap/`: the coarsest
 * step that it is a multiple of. A fine stamp that happens to be round is taken for a coarse one, which costs a
 * second hash and nothing else. undefined where no file can be made.
 */
export function measureGranularity(site: Site): bigint | undefined {
  try {
    return coarsestStep(stampOfProbe(site));
  } catch (error) {
    const expected = ["ENOENT", "EACCES", "EPERM", "EROFS", "ENOSPC", "EDQUOT"];
    if (expected.includes(systemCode(error) ?? "") || isSnapError(error, "conflict")) {
      return undefined;
    }
    throw error;
  }
}

function stampOfProbe(site: Site): bigint {
  using folder = openFolder(site, [ownFolder]);
  const path = folder.at(`probe-${randomHex(site.rng, 8)}.tmp`);
  const fd = site.disk.open(path, createFlags, 0o600);
  try {
    return site.disk.fstat(fd).mtimeNs;
  } finally {
    site.disk.close(fd);
    site.disk.unlink(path);
  }
}

function coarsestStep(stampNs: bigint): bigint {
  const step = steps.find((candidate) => stampNs % (candidate * millisecondNs) === 0n);
  return step === undefined ? granularityNsMin : step * millisecondNs;
}
