import type { RelPath } from "../../core/path/rel-path.ts";
import type { RemoteSide } from "../../ports.ts";
import { isSnapError } from "../../std/error.ts";

/**
 * Remove a copy from the name under which nobody else makes anything: its content is where it was copied from, or is not wanted.
 *
 * @throws {SnapError} `conflict` where somebody has edited it meanwhile
 */
export async function removeCopy(remote: RemoteSide, staged: RelPath): Promise<void> {
  const there = await remote.get(staged);
  if (there?.kind !== "file") return;
  try {
    await remote.deleteFile(staged, there.rev);
  } catch (error) {
    if (!isSnapError(error, "not-found")) throw error;
  }
}
