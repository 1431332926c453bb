import type { LeftAside, SnapshotRoot } from "../core/snapshot/root.ts";
import type { Work } from "../std/events.ts";
import { outOfRuns } from "../std/runs.ts";
import type { CaptureRequest } from "./capture.ts";
import type { Environment } from "./environment.ts";
import { checkLabel } from "./label.ts";
import { listLinkedFolder, listRemoteFolder } from "./listed-folder.ts";
import { openSnapshotStore } from "./store.ts";

/** A thin snapshot, or with `dryRun` what one would hold. */
export type RemoteCaptureOutcome =
  | {
      readonly preview: {
        readonly files: number;
        readonly bytes: number;
        readonly left: readonly LeftAside[];
      };
    }
  | {
      readonly preview?: undefined;
      readonly root: SnapshotRoot;
      /** false: nothing had changed, and `root` is the newest snapshot of Dropbox. */
      readonly created: boolean;
    };

/**
 * Take a snapshot of what the linked folder holds in Dropbox, or any folder that is named, by its listing: nothing is downloaded (N40).
 *
 * @throws {SnapError} as `listLinkedFolder`, `listRemoteFolder` and `SnapshotStore.capture`
 */
export async function captureRemote(
  environment: Environment,
  request: CaptureRequest & { readonly folder?: string | undefined },
  work: Work,
): Promise<RemoteCaptureOutcome> {
  const { place, folder, label, tags, force, dryRun } = request;
  if (label !== undefined) checkLabel(label);
  const store = await openSnapshotStore(environment);
  using listed =
    folder === undefined
      ? await listLinkedFolder(environment, place, work)
      : await listRemoteFolder(environment, folder, work);
  const { source } = listed;
  if (!dryRun) {
    const named = label === undefined ? {} : { label };
    return await store.capture(source, { ...work, ...named, tags, force, reason: "manual" });
  }
  const left: LeftAside[] = [];
  let files = 0;
  let bytes = 0;
  for await (const entry of outOfRuns(source.entries((one) => left.push(one)))) {
    if (entry.type !== "file") continue;
    files += 1;
    bytes += entry.size ?? 0;
  }
  return { preview: { files, bytes, left } };
}
