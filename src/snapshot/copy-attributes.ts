import { CopyTree, type CopyFolder, type CopyLeaf } from "../core/snapshot/copy-tree.ts";
import type { CopyOutRequest, LeftOut } from "../core/snapshot/copy-out.ts";
import type { SnapshotEntry } from "../core/snapshot/entry.ts";
import { systemCode } from "../std/error.ts";
import type { Work } from "../std/events.ts";
import { runItemsMax } from "../std/runs.ts";
import { setAttributes, type WantedAttributes } from "./attribute-files.ts";
import type { AttributeTools } from "./attribute-files.ts";
import { inFolder, type CopyDisk } from "./copy-disk.ts";

/** How extended attributes are set in a copy. */
export type CopyAttributes = {
  /** Or why there are none. */
  readonly tools: AttributeTools | string;
};

/** What a copy has written, and where. */
export type WrittenCopy = {
  readonly request: CopyOutRequest;
  readonly staging: string;
  readonly disk: CopyDisk;
  readonly leave: (left: LeftOut) => void;
  readonly work: Pick<Work, "signal">;
};

type Item = WantedAttributes & { readonly path: string; readonly mode?: number | undefined };

/** Memory for what one run of the program sets, in characters of base64. */
const valuesInRun = 8 * 1024 * 1024;

const writable = 0o200;

/**
 * Give what a copy has written its extended attributes (T15): what cannot be set is told path by path. The manifest is read a second
 * time, so that nothing of it is held meanwhile.
 */
export async function copyAttributes(
  entries: AsyncIterable<SnapshotEntry>,
  copy: WrittenCopy,
  { tools }: CopyAttributes,
): Promise<void> {
  const tree = new CopyTree(copy.request);
  let batch: Item[] = [];
  let values = 0;
  for await (const entry of entries) {
    const { opened, leaf } = tree.add(entry);
    for (const item of [...opened, ...(leaf === undefined ? [] : [leaf])]) {
      const wanted = wantedOf(copy, item);
      if (wanted === undefined) continue;
      batch.push(wanted);
      values += JSON.stringify(wanted.attributes).length;
    }
    if (batch.length < runItemsMax && values < valuesInRun) continue;
    await setBatch(batch, copy, tools);
    batch = [];
    values = 0;
  }
  await setBatch(batch, copy, tools);
}

/** What is not there was told when it could not be written. */
function wantedOf(copy: WrittenCopy, item: CopyFolder | CopyLeaf): Item | undefined {
  const { attributes, path } = item;
  if (attributes === undefined) return undefined;
  const place = inFolder(copy.staging, item.disk);
  try {
    if (copy.disk.kind(place) === undefined) return undefined;
  } catch (error) {
    if (systemCode(error) !== "EACCES") throw error;
    copy.leave({ path, reason: "its extended attributes could not be set: its folder is closed" });
    return undefined;
  }
  return { path, disk: place, attributes, ...(hasMode(item) ? { mode: item.mode } : {}) };
}

/** Links have none, and folders right in the top not yet. */
function hasMode(item: CopyFolder | CopyLeaf): boolean {
  return "kind" in item ? item.kind === "file" : item.path.includes("/");
}

async function setBatch(
  batch: readonly Item[],
  copy: WrittenCopy,
  tools: CopyAttributes["tools"],
): Promise<void> {
  if (batch.length === 0) return;
  if (typeof tools === "string") {
    for (const { path } of batch)
      copy.leave({ path, reason: `its extended attributes are not set: ${tools}` });
    return;
  }
  // Without the right to write there is none to set attributes, either; only root has it all the same.
  const closed = batch
    .filter(({ mode }) => mode !== undefined && (mode & writable) === 0)
    .map(({ disk }) => ({ disk, mode: copy.disk.modeOf(disk) }));
  for (const { disk, mode } of closed) copy.disk.chmod(disk, mode | writable);
  const missing = await setAttributes(tools, batch, copy.work);
  for (const { disk, mode } of closed) copy.disk.chmod(disk, mode);
  for (const [number, { path }] of batch.entries()) {
    const names = missing[number] ?? [];
    if (names.length === 0) continue;
    copy.leave({
      path,
      reason: `some of its extended attributes could not be set: ${names.join(", ")}`,
    });
  }
}
