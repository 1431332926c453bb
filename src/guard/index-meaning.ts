import { createHash, hash } from "node:crypto";
import { indexEntries, indexExtensions } from "./index-file.ts";

const formats = [
  { algorithm: "sha1", hashBytes: 20 },
  { algorithm: "sha256", hashBytes: 32 },
] as const;

/**
 * A hash over what an index says: its entries with their flags. What the file system said of the files is left out, and so is what Git
 * could find out again: `git status` writes both anew.
 *
 * @returns undefined where a part of it lies in another file, or the bytes are not a whole index
 */
export function indexMeaning(bytes: Buffer): string | undefined {
  const format = formats.find(({ algorithm, hashBytes }) =>
    endsInHash(bytes, algorithm, hashBytes),
  );
  if (format === undefined) return undefined;
  const meaning = createHash("sha256");
  const entries = indexEntries(bytes, format);
  let step = entries.next();
  for (; step.done !== true; step = entries.next()) {
    const { path, mode, oid, stage, assumeValid, skipWorktree, intentToAdd } = step.value;
    const facts = [mode, oid, stage, assumeValid, skipWorktree, intentToAdd];
    meaning.update(`${path.toString("base64")} ${facts.join(" ")}\n`);
  }
  const extensions =
    step.value === undefined ? undefined : indexExtensions(bytes, step.value, format);
  if (extensions === undefined || extensions.includes("link")) return undefined;
  return meaning.digest("hex");
}

function endsInHash(bytes: Buffer, algorithm: string, hashBytes: number): boolean {
  const [body, end] = [bytes.subarray(0, -hashBytes), bytes.subarray(-hashBytes)];
  return bytes.length > hashBytes && hash(algorithm, body, "buffer").equals(end);
}

const parentsBytes = 40;
const recordBytes = 17;

/**
 * The same of a dirstate of Mercurial (`hg help internals.dirstate-v1`): parents, and each file with its state and where it was copied
 * from; sizes, modes and times are left out, which `hg status` writes anew.
 *
 * @returns undefined for one of the second version, or one that is cut off
 */
export function dirstateMeaning(bytes: Buffer): string | undefined {
  if (bytes.length < parentsBytes || bytes.toString("latin1", 0, 8) === "dirstate")
    return undefined;
  const rows: string[] = [];
  for (let at = parentsBytes; at < bytes.length;) {
    if (at + recordBytes > bytes.length) return undefined;
    const end = at + recordBytes + bytes.readUInt32BE(at + 13);
    if (end > bytes.length) return undefined;
    const state = bytes.toString("latin1", at, at + 1);
    rows.push(`${bytes.toString("base64", at + recordBytes, end)} ${state}`);
    at = end;
  }
  const parents = bytes.toString("hex", 0, parentsBytes);
  return hash("sha256", [parents, ...rows.toSorted()].join("\n"), "hex");
}
