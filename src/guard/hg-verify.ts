import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { damage, wholly, type Evidence, type Examined } from "./evidence.ts";
import { openHgShadow, orReason, requirementsOf, writeRequirements } from "./hg-shadow.ts";
import { storeOf } from "./hg.ts";
import { inside, kindAt, readFolder, readWhole, type Bytes } from "./read-only.ts";
import type { ProgramEnd } from "./run-program.ts";
import type { ShadowOptions } from "./shadow-git.ts";
import { Unproven } from "./unproven.ts";

/** By what means a repository of Mercurial's is verified. */
export type Verifying = ShadowOptions & {
  readonly hg: () => string | undefined;
  /** ms since 1970. */
  readonly deadline: number;
};

/** A larger store is not copied. */
const copyBytesMax = 1024 * 1024 * 1024;
const fileBytesMax = 256 * 1024 * 1024;
const filesMax = 100_000;
const outputBytesMax = 4 * 1024 * 1024;

/**
 * Let `hg verify` read all of a repository (G40, hg, tier 3). It takes a lock and so would write: it gets a copy of the store, and
 * no configuration, so that no extension is loaded (G5).
 *
 * @param folder the `.hg`
 */
export async function verifyHg(folder: Bytes, verifying: Verifying): Promise<Examined> {
  const hg = verifying.hg();
  if (hg === undefined) return unverified("no-hg");
  const store = storeOf(folder);
  if (kindAt(inside(store, "00changelog.i")) === undefined) return { evidence: [], extent: wholly };
  return await orReason(async () => {
    using shadow = openHgShadow(hg, { folder, store }, verifying);
    writeRequirements(
      shadow.folder,
      requirementsOf({ folder, store }).filter((one) => !dropped.test(one)),
    );
    copyStore(join(shadow.folder, "store"), store);
    const bounds = { bytesMax: outputBytesMax, deadline: verifying.deadline };
    return readVerify(await shadow.run(["verify", "--quiet"], bounds));
  }, unverified);
}

function unverified(reason: string): Examined {
  return { evidence: [], extent: { checked: "none", reason } };
}

/** Requirements of the work tree and of a share mean nothing to a copy of the store. */
const dropped = /^(?:shared|relshared|share-safe|persistent-nodemap|dirstate-.*)$/u;

/** The copy has the same format; of an unknown one `hg` says so and is asked no more. */
function copyStore(target: string, store: Bytes): void {
  const waiting = [{ from: store, to: target }];
  let [files, bytes] = [0, 0];
  for (let place = waiting.pop(); place !== undefined; place = waiting.pop()) {
    mkdirSync(place.to);
    for (const { name, bytes: raw, kind } of readFolder(place.from)) {
      files += 1;
      const next = { from: inside(place.from, raw), to: join(place.to, name) };
      if (kind === "folder") waiting.push(next);
      else if (kind === "file" && isPart(name)) bytes += copyFile(next);
      if (files > filesMax || bytes > copyBytesMax) throw new Unproven("store-too-large");
    }
  }
}

/** Locks, journals and what an undo would need stay behind; so does what would make `hg` write. */
function isPart(name: string): boolean {
  return name !== "requires" && !/^(?:w?lock|journal|undo)(?:\.|$)/u.test(name);
}

function copyFile({ from, to }: { readonly from: Bytes; readonly to: string }): number {
  const file = readWhole(from, fileBytesMax);
  if (file === undefined) throw new Unproven("file-not-read");
  writeFileSync(to, file.bytes);
  return file.bytes.length;
}

/** 1: it found something; anything else but 0: it could not look. */
function readVerify({ end, code, stdout, stderr }: ProgramEnd): Examined {
  if (end !== "exited") return unverified(end);
  if (code === 0) return { evidence: [], extent: wholly };
  const lines = `${stdout.toString("utf8")}\n${stderr}`.split("\n").map((line) => line.trim());
  const found = lines.filter((line) => /^[^ ].*(?:@|\?).*: |integrity error/u.test(line));
  if (code !== 1 || found.length === 0) return unverified("hg-failed");
  return { evidence: found.map(problem), extent: wholly };
}

function problem(line: string): Evidence {
  const path = /^(?<path>.+?)@/u.exec(line)?.groups?.["path"] ?? "store";
  return damage(3, "object-corrupt", {
    path: dirname(path) === "." ? `store/${path}` : path,
    detail: `\`hg verify\` says "${line.slice(0, 500)}". Pull the changesets from another clone, or get the files below "store" from Dropbox's versions of them`,
  });
}
