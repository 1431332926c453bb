import type { Extent } from "../core/repo/finding.ts";
import type { Step } from "./connectivity-walk.ts";
import { wholly } from "./evidence.ts";
import { indexEntries, indexExtensions } from "./index-file.ts";
import { inside, kindAt, readWhole, type Bytes } from "./read-only.ts";

const indexBytesMax = 128 * 1024 * 1024;
const submoduleMode = 0o160000;
const folderMode = 0o040000;

/** What is staged: contents that no commit may have yet. Not read where the index builds upon another one. */
export function stagedObjects(
  gitdir: Bytes,
  hashBytes: 20 | 32,
): { readonly steps: readonly Step[]; readonly extent: Extent } {
  const path = inside(gitdir, "index");
  if (kindAt(path) === undefined) return { steps: [], extent: wholly };
  const index = readWhole(path, indexBytesMax);
  const steps = index && stepsOf(index.bytes, hashBytes);
  if (steps === undefined) {
    return { steps: [], extent: { checked: "part", reason: "index-not-read" } };
  }
  return { steps, extent: wholly };
}

function stepsOf(bytes: Buffer, hashBytes: 20 | 32): Step[] | undefined {
  const steps: Step[] = [];
  const entries = indexEntries(bytes, { hashBytes });
  let next = entries.next();
  for (; next.done !== true; next = entries.next()) {
    const { mode, oid, intentToAdd, path } = next.value;
    if (intentToAdd || mode === submoduleMode) continue;
    const type = mode === folderMode ? "tree" : "blob";
    steps.push({ oid, type, from: `"${path.toString()}" in the index` });
  }
  const extensions =
    next.value === undefined ? undefined : indexExtensions(bytes, next.value, { hashBytes });
  return extensions === undefined || extensions.includes("link") ? undefined : steps;
}
