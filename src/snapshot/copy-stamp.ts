import type { CopyMetadata } from "../core/snapshot/copy-tree.ts";
import type { CopyStamp } from "./copy-disk.ts";

/** What a file gets; where the snapshot names no mode, what the umask leaves. */
export function fileStamp(metadata: CopyMetadata): CopyStamp {
  return stampOf(metadata, 0o666);
}

/** What a folder gets. */
export function folderStamp(metadata: CopyMetadata): CopyStamp {
  return stampOf(metadata, 0o777);
}

/** Node takes a time before 1970 only as text; finer than some hundred ns it cannot be set. */
function stampOf({ owner, mode, modifiedNs }: CopyMetadata, usual: number): CopyStamp {
  return {
    ...(owner === undefined ? {} : { owner }),
    mode: mode ?? usual & ~process.umask(),
    seconds: modifiedNs === undefined ? undefined : String(Number(modifiedNs) / 1e9),
  };
}
