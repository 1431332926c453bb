import {
  attributeDump,
  attributeTroubles,
  parseAttributeDump,
} from "../core/snapshot/attribute-text.ts";
import type { AttributeTrouble, DumpedFile } from "../core/snapshot/attribute-text.ts";
import type { Attributes } from "../core/snapshot/attributes.ts";
import type { DiskPath } from "../core/snapshot/disk-path.ts";
import { SnapError } from "../std/error.ts";
import type { Work } from "../std/events.ts";

/** How a program ended. */
export type AttributeRun = {
  /** undefined: its output was more than may be held. */
  readonly code: number | undefined;
  readonly stdout: Uint8Array;
  readonly stderr: string;
};

/** The programs `getfattr` and `setfattr`, in the language `C`: Node has no call for extended attributes. */
export type AttributeTools = {
  /** Dump all attributes of the paths in the input, each ended by a zero byte; links are not followed. */
  readonly dump: (input: Uint8Array, work: Pick<Work, "signal">) => Promise<AttributeRun>;
  /** Set what a dump names; links are not followed. */
  readonly restore: (input: Uint8Array, work: Pick<Work, "signal">) => Promise<AttributeRun>;
  /** Take one attribute from the paths in the input, each ended by a zero byte; links are not followed. */
  readonly remove: (
    name: string,
    input: Uint8Array,
    work: Pick<Work, "signal">,
  ) => Promise<AttributeRun>;
};

/** What the files have that have any, as bytes one a character, and what could not be read. */
export type FoundAttributes = {
  readonly files: ReadonlyMap<string, DumpedFile["attributes"]>;
  readonly troubles: readonly AttributeTrouble[];
};

/** A file and what it is to have. */
export type WantedAttributes = { readonly disk: DiskPath; readonly attributes: Attributes };

/** A text, or bytes, as bytes one a character. */
export function asBytes(text: DiskPath): string {
  return Buffer.from(text).toString("latin1");
}

/**
 * Read the extended attributes of some files, a few hundred, by absolute paths. What is not there any more has none and is no trouble.
 *
 * @throws {SnapError} `unexpected` where the program fails as a whole; `interrupted`
 */
export async function readAttributes(
  tools: AttributeTools,
  disk: readonly DiskPath[],
  work: Pick<Work, "signal">,
): Promise<FoundAttributes> {
  const paths = disk.map(asBytes);
  if (paths.length === 0) return { files: new Map(), troubles: [] };
  const input = pathList(paths);
  const { code, stdout, stderr } = await tools.dump(input, work);
  if (code === undefined) return await inHalves(tools, disk, work);
  const told = code === 0 ? [] : attributeTroubles(stderr, paths);
  const foreign = told.find(({ path }) => path === undefined);
  if (foreign !== undefined || (code !== 0 && told.length === 0)) throw failed(foreign?.reason);
  const files = new Map(parseAttributeDump(stdout).map((file) => [file.path, file.attributes]));
  const troubles = told.flatMap(({ path, reason }) =>
    path === undefined || reason === "No such file or directory" ? [] : [{ path, reason }],
  );
  return { files, troubles };
}

function pathList(paths: readonly string[]): Uint8Array {
  return Buffer.from(paths.map((path) => `${path}\0`).join(""), "latin1");
}

/** Where the output is too long: that of one file cannot be. */
async function inHalves(
  tools: AttributeTools,
  disk: readonly DiskPath[],
  work: Pick<Work, "signal">,
): Promise<FoundAttributes> {
  if (disk.length < 2) {
    const reason = "They are more than a snapshot holds";
    return { files: new Map(), troubles: disk.map((path) => ({ path: asBytes(path), reason })) };
  }
  const middle = Math.floor(disk.length / 2);
  const first = await readAttributes(tools, disk.slice(0, middle), work);
  const second = await readAttributes(tools, disk.slice(middle), work);
  return {
    files: new Map([...first.files, ...second.files]),
    troubles: [...first.troubles, ...second.troubles],
  };
}

function failed(reason: string | undefined): SnapError {
  return new SnapError("unexpected", `getfattr failed: ${reason ?? "it does not say why"}`, {
    hint: "Without --xattrs a snapshot is taken without it.",
  });
}

/** Take attributes from some files, a few hundred. Whether they are gone is for the caller to look. */
export async function removeAttributes(
  tools: AttributeTools,
  unwanted: readonly { readonly disk: DiskPath; readonly names: readonly string[] }[],
  work: Pick<Work, "signal">,
): Promise<void> {
  const all = unwanted.flatMap(({ disk, names }) => names.map((name) => ({ name, disk })));
  for (const [name, group] of Map.groupBy(all, (each) => each.name)) {
    await tools.remove(name, pathList(group.map(({ disk }) => asBytes(disk))), work);
  }
}

/**
 * Give some files, a few hundred, the attributes that they are to have; others that they have stay. What was set is read again: that
 * says more than the program does.
 *
 * @returns for each file the names that it does not have as wanted
 */
export async function setAttributes(
  tools: AttributeTools,
  wanted: readonly WantedAttributes[],
  work: Pick<Work, "signal">,
): Promise<readonly (readonly string[])[]> {
  const files = wanted.map(({ disk, attributes }) => ({
    path: asBytes(disk),
    attributes: Object.entries(attributes).map(([name, value]) => [asBytes(name), value] as const),
  }));
  await tools.restore(attributeDump(files), work);
  const found = await readAttributes(
    tools,
    wanted.map(({ disk }) => disk),
    work,
  );
  return wanted.map(({ disk, attributes }) => {
    const has = new Map(found.files.get(asBytes(disk)));
    return Object.keys(attributes).filter((name) => has.get(asBytes(name)) !== attributes[name]);
  });
}
