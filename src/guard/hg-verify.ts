import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Clock } from "../std/time.ts";
import { damage, wholly, type Evidence, type Examined } from "./evidence.ts";
import { hgEnvironment } from "./hg-drafts.ts";
import { storeOf } from "./hg.ts";
import { inside, kindAt, readFolder, readStart, readWhole, type Bytes } from "./read-only.ts";
import { runProgram, type ProgramEnd } from "./run-program.ts";
import { makeShadowFolder } from "./shadow-folder.ts";
import { Unproven } from "./unproven.ts";

/** By what means a repository of Mercurial's is verified. */
export type Verifying = {
  readonly hg: () => string | undefined;
  readonly tmp: string;
  readonly clock: Clock;
  /** ms since 1970. */
  readonly deadline: number;
  readonly signal?: AbortSignal | undefined;
};

/** A larger store is not copied. */
const copyBytesMax = 1024 * 1024 * 1024;
const fileBytesMax = 256 * 1024 * 1024;
const filesMax = 100_000;
const outputBytesMax = 4 * 1024 * 1024;
const textBytesMax = 64 * 1024;

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
  let shadow: string | undefined;
  try {
    shadow = makeShadowFolder(verifying.tmp, { gitdir: folder, common: store });
    copyStore(join(shadow, "repo/.hg"), folder, store);
    return readVerify(await run(hg, shadow, verifying));
  } catch (error) {
    if (error instanceof Unproven) return unverified(error.reason);
    throw error;
  } finally {
    if (shadow !== undefined) rmSync(shadow, { recursive: true, force: true });
  }
}

function unverified(reason: string): Examined {
  return { evidence: [], extent: { checked: "none", reason } };
}

/** Requirements of the work tree and of a share mean nothing to a copy of the store. */
const dropped = /^(?:shared|relshared|share-safe|persistent-nodemap|dirstate-.*|)$/u;

/** The copy has the same format; of an unknown one `hg` says so and is asked no more. */
function copyStore(target: string, folder: Bytes, store: Bytes): void {
  mkdirSync(target, { recursive: true });
  const requirements = [folder, store].flatMap(
    (place) => readStart(inside(place, "requires"), textBytesMax)?.split("\n") ?? [],
  );
  const kept = new Set(requirements.filter((one) => !dropped.test(one)));
  writeFileSync(join(target, "requires"), `${[...kept].toSorted().join("\n")}\n`);
  const waiting = [{ from: store, to: join(target, "store") }];
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

function run(hg: string, shadow: string, verifying: Verifying): Promise<ProgramEnd> {
  const { clock, deadline, signal } = verifying;
  return runProgram({
    file: hg,
    words: ["verify", "--quiet"],
    env: hgEnvironment(hg, shadow),
    cwd: join(shadow, "repo"),
    bytesMax: outputBytesMax,
    deadline,
    clock,
    signal,
  });
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
