import { appendFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { DamageCode } from "../core/repo/finding.ts";
import type { LostObject } from "./connectivity-walk.ts";
import { damage, wholly, type Evidence, type Examined } from "./evidence.ts";
import { walkFrom, type Reachability } from "./reachability.ts";
import { stagedObjects } from "./staged-objects.ts";
import type { ProgramEnd } from "./run-program.ts";
import { openShadow, type GitBinary, type Shadow } from "./shadow-git.ts";
import { Unproven } from "./unproven.ts";

/** A repository whose objects are followed, and by what means. */
export type Connection = Reachability & {
  /** undefined where there is none to be used: our own code then follows what it can in time. */
  readonly git: GitBinary | undefined;
  /** Where a shadow of the repository may be made. */
  readonly tmp: string;
  /** Read the content of every object, too. Only Git does that. */
  readonly content: boolean;
  readonly signal?: AbortSignal | undefined;
};

/** Whether everything that is reachable is there (G40 tier 3). Reads only; Git runs in a shadow (G33). */
export async function followAll(connection: Connection): Promise<Examined> {
  if (connection.git === undefined) return walkAll(connection);
  try {
    return await askGit(connection, connection.git);
  } catch (error) {
    if (!(error instanceof Unproven)) throw error;
    return unfollowed(error.reason);
  }
}

function unfollowed(reason: string): Examined {
  return { evidence: [], extent: { checked: "none", reason } };
}

const outputBytesMax = 16 * 1024 * 1024;

async function askGit(connection: Connection, git: GitBinary): Promise<Examined> {
  const { clock, signal, tmp, deadline } = connection;
  await using shadow = await openShadow(git, shadowPlaces(connection), { tmp, clock, signal });
  addTips(shadow, connection);
  const content = connection.content ? "--full" : "--connectivity-only";
  const words = ["fsck", "--no-dangling", "--no-reflogs", "--no-progress", content];
  const run = { bytesMax: outputBytesMax, deadline };
  const first = readFsck(await shadow.run(words, run));
  if (first.extent.checked === "all") return first;
  // It may have been the index that Git cannot read: what was staged is then left out.
  rmSync(join(shadow.gitdir, "index"), { force: true });
  const second = readFsck(await shadow.run(words, run));
  if (second.extent.checked !== "all") return first;
  return { ...second, extent: { checked: "part", reason: "index-not-read" } };
}

/** The places of a repository as a shadow wants them; no configuration of it has a say in what is reachable. */
export function shadowPlaces({
  places,
  health,
}: Pick<Connection, "places" | "health">): Parameters<typeof openShadow>[1] {
  const objects = health.hashBytes === 32 ? "sha256" : "sha1";
  const refs = health.isReftable ? "reftable" : "files";
  return { ...places, configs: [], format: { objects, refs, partial: health.isPartial } };
}

/** Refs of ours for what no ref of the shadow names: heads of worktrees, older stashes. */
export function addTips(shadow: Shadow, { health }: Pick<Connection, "health">): void {
  if (health.isReftable) return;
  const lines = health.tips
    .filter(({ name }) => !name.startsWith("refs/"))
    .map(({ oid }, at) => `${oid} refs/snap-tips/${at}\n`);
  appendFileSync(join(shadow.gitdir, "packed-refs"), lines.join(""));
}

const missingLine = /^missing (?<type>commit|tree|blob|tag) (?<oid>[0-9a-f]+)$/u;
const corruptLine =
  /(?:corrupt|hash mismatch|hash-path mismatch|inflate|unable to (?:unpack|parse)|garbage at end)/u;

/** What `git fsck` says of the format of old commits is no damage: only losses are taken from it. */
function readFsck({ end, code, stdout, stderr }: ProgramEnd): Examined {
  if (end !== "exited" || code === undefined)
    return unfollowed(end === "exited" ? "git-failed" : end);
  const missing = stdout
    .toString("latin1")
    .split("\n")
    .flatMap((line) => lostOf(missingLine.exec(line)?.groups));
  const corrupt = stderr.split("\n").flatMap((line) => brokenObject(line) ?? []);
  // What cannot be read is told as missing, too.
  const broken = new Set(corrupt);
  const gone = missing.filter(({ oid }) => !broken.has(oid));
  const evidence = [...gone, ...[...broken].map(corruptOf)].map(lostEvidence);
  // Beyond 128 it gave up: on what it met last, if that tells.
  if (code >= 128) {
    const reason = /dubious ownership/u.test(stderr) ? "not-owned" : "git-failed";
    return { evidence, extent: { checked: "part", reason } };
  }
  return { evidence, extent: wholly };
}

/** Of an object under another's name the name is what is missing: the line ends with its path. */
function brokenObject(line: string): string | undefined {
  if (!corruptLine.test(line)) return undefined;
  const path = /objects\/([0-9a-f]{2})\/([0-9a-f]{38}|[0-9a-f]{62})\b/u.exec(line);
  if (path !== null) return `${path[1] ?? ""}${path[2] ?? ""}`;
  return /\b(?:[0-9a-f]{64}|[0-9a-f]{40})\b/u.exec(line)?.[0];
}

function lostOf(found: Readonly<Record<string, string>> | undefined): LostObject[] {
  const type = (["commit", "tree", "blob", "tag"] as const).find(
    (name) => name === found?.["type"],
  );
  const oid = found?.["oid"];
  return type === undefined || oid === undefined ? [] : [{ oid, type, problem: "missing" }];
}

function corruptOf(oid: string): LostObject {
  return { oid, type: "blob", problem: "corrupt" };
}

/** Where nobody asked for it, our own walk takes no longer. */
const walkBudgetMs = 2_000;

async function walkAll(connection: Connection): Promise<Examined> {
  const { places, health, clock, deadline } = connection;
  if (health.isReftable) return unfollowed("reftable");
  if (health.isPartial) return unfollowed("partial-clone");
  const end = connection.content ? deadline : Math.min(deadline, clock.now() + walkBudgetMs);
  const watch = { now: () => clock.now(), deadline: end };
  const tips = health.tips.map(({ oid }) => oid);
  const { steps, extent } = stagedObjects(places.gitdir, health.hashBytes);
  const walked = await walkFrom(connection, { tips, steps, what: "everything", watch });
  const isWalked = walked.extent.checked === "all";
  // Tier 2 told of the tips themselves.
  const told = new Set(health.integrity.tips.checked === "all" ? tips : []);
  return {
    evidence: walked.lost.filter(({ oid }) => !told.has(oid)).map(lostEvidence),
    extent: isWalked ? extent : walked.extent,
  };
}

const missingCodes: Readonly<Record<LostObject["type"], DamageCode>> = {
  commit: "commit-missing",
  tag: "commit-missing",
  tree: "tree-missing",
  blob: "blob-missing",
};

const meanings: Readonly<Record<LostObject["type"], string>> = {
  commit: "a commit of the history",
  tag: "a tag",
  tree: "the list of files of a folder",
  blob: "the content of a file",
};

function lostEvidence({ oid, type, problem, from }: LostObject): Evidence {
  const origin = from === undefined ? "" : ` (${from} leads to it)`;
  const path = `objects/${oid.slice(0, 2)}/${oid.slice(2)}`;
  if (problem === "corrupt") {
    return damage(3, "object-corrupt", {
      path,
      detail: `The object ${oid}${origin} is there, and its content is not what was written. ${ways}`,
    });
  }
  return damage(3, missingCodes[type], {
    path,
    detail: `${oid}, ${meanings[type]}${origin}, is missing. ${ways}`,
  });
}

const ways =
  "Get it from a clone, a remote (`git fetch`), another device, or Dropbox's deleted files, before you commit or clean anything";
