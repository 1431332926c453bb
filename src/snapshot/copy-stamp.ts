import type { CopyMetadata } from "../core/snapshot/copy-tree.ts";
import type { CopyStamp } from "./copy-disk.ts";

/** Node takes a time before 1970 only as text; finer than some hundred ns it cannot be set. */
export function stampOf({ mode, modifiedNs }: CopyMetadata): CopyStamp {
  return {
    mode,
    seconds: modifiedNs === undefined ? undefined : String(Number(modifiedNs) / 1e9),
  };
}
