import { rawBytes } from "../core/path/raw-path.ts";
import { decodeText } from "../core/snapshot/attribute-text.ts";
import {
  attributesTrouble,
  isKeptAttribute,
  isPrivilegedAttribute,
  sortedAttributes,
} from "../core/snapshot/attributes.ts";
import type { DumpedFile } from "../core/snapshot/attribute-text.ts";
import type { Attributes } from "../core/snapshot/attributes.ts";
import { rawPathOf } from "../core/snapshot/disk-path.ts";
import type { SnapshotEntry } from "../core/snapshot/entry.ts";
import type { LeftAside } from "../core/snapshot/root.ts";
import type { CaptureSource } from "../ports.ts";
import type { Work } from "../std/events.ts";
import { inRuns, outOfRuns, type Runs } from "../std/runs.ts";
import { asBytes, readAttributes } from "./attribute-files.ts";
import type { AttributeTools } from "./attribute-files.ts";

/** Whose attributes are read, and with what. */
export type AttributeSource = Pick<Work, "signal"> & {
  /** Absolute path of what the source is of. */
  readonly top: string;
  readonly tools: AttributeTools;
  /** Also those that only root can set. */
  readonly isRoot: boolean;
};

/** The same source, with the extended attributes of its entries (N38); those of what is in a repository stay out. */
export function withAttributes(source: CaptureSource, from: AttributeSource): CaptureSource {
  return {
    ...source,
    facts: async () => ({ ...(await source.facts()), attributes: true }),
    entries: (onLeft) => entriesWith(source.entries(onLeft), from, onLeft),
  };
}

async function* entriesWith(
  entries: Runs<SnapshotEntry>,
  from: AttributeSource,
  onLeft: (left: LeftAside) => void,
): AsyncGenerator<readonly SnapshotEntry[]> {
  // A folder is a run as a rule, and a program that is started for each takes longer than its work.
  for await (const run of inRuns(outOfRuns(entries))) yield await readBatch(run, from, onLeft);
}

async function readBatch(
  batch: readonly SnapshotEntry[],
  from: AttributeSource,
  onLeft: (left: LeftAside) => void,
): Promise<readonly SnapshotEntry[]> {
  const asked = batch.filter(({ type, unit }) => type !== "other" && unit === undefined);
  const placeOf = (entry: SnapshotEntry): Buffer => rawBytes(`${from.top}/${rawPathOf(entry)}`);
  const found = await readAttributes(from.tools, asked.map(placeOf), from);
  const troubles = new Map(found.troubles.map(({ path, reason }) => [path, reason]));
  return batch.map((entry) => {
    const place = asBytes(placeOf(entry));
    const kept = keptOf(found.files.get(place) ?? [], from);
    const trouble = troubles.get(place) ?? kept.trouble;
    if (trouble !== undefined) onLeft(withoutThem(entry, trouble));
    return {
      ...entry,
      ...(kept.attributes === undefined ? {} : { attributes: kept.attributes }),
      ...(trouble === undefined ? {} : { flags: [...entry.flags, "stripped"] }),
    };
  });
}

function withoutThem({ path }: SnapshotEntry, reason: string): LeftAside {
  return { path, reason: `Not all of its extended attributes are kept: ${reason}` };
}

/** What of the attributes of a file a snapshot keeps; none where they are more than it holds. */
export type KeptAttributes = {
  readonly attributes?: Attributes | undefined;
  readonly trouble?: string | undefined;
};

/** Choose what is kept: for root alone what only root can set. */
export function keptOf(
  found: DumpedFile["attributes"],
  { isRoot }: Pick<AttributeSource, "isRoot">,
): KeptAttributes {
  const named = found.map(([name, value]) => [decodeText(name), value] as const);
  const isText = named.every(([name]) => name !== undefined);
  const kept = named.flatMap(([name, value]) =>
    name !== undefined && isKeptAttribute(name) && (isRoot || !isPrivilegedAttribute(name))
      ? [[name, value] as const]
      : [],
  );
  const attributes = sortedAttributes(kept);
  const trouble = attributes && attributesTrouble(attributes);
  if (trouble !== undefined) return { trouble };
  return { attributes, trouble: isText ? undefined : "a name is no text" };
}
