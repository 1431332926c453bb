import { dangerName } from "../core/repo/marker.ts";
import type { WorkTreeHead } from "../core/repo/head-beacon.ts";
import { operationIn } from "./git-facts.ts";
import { readRef } from "./git-refs.ts";
import { readGitFile, readHead } from "./gitdir.ts";
import { inside, kindAt, readStart, type Bytes } from "./read-only.ts";

/** Of the configuration at most so much is read. */
const configBytesMax = 256 * 1024;

/**
 * What is checked out in a work tree of Git, from plain text alone and with a handful of small reads (G49). Undefined where that
 * cannot be told: another system, refs in tables, a `HEAD` that is none.
 */
export function headFacts(workTree: Bytes, marker: string): WorkTreeHead | undefined {
  if (dangerName(marker) !== ".git") return undefined;
  const gitdir = gitdirOf(workTree, marker);
  if (gitdir === undefined) return undefined;
  const head = readHead(gitdir.own);
  if (head === undefined || kindAt(inside(gitdir.common, "reftable")) !== undefined)
    return undefined;
  const operation = operationIn(gitdir.own);
  const doing = operation === undefined ? {} : { operation };
  if (head.kind === "oid") return { oid: head.oid, ...doing };
  const tip = readRef(gitdir.common, head.ref);
  if (tip === undefined) return undefined;
  const branch = head.ref.replace(/^refs\/heads\//u, "");
  return { branch, ...tip, ...upstreamOf(gitdir.common, branch), ...doing };
}

type Gitdir = { readonly own: Bytes; readonly common: Bytes };

/** A second work tree shares the refs and the configuration of its repository. */
function gitdirOf(workTree: Bytes, marker: string): Gitdir | undefined {
  const place = inside(workTree, marker);
  if (kindAt(place) !== "file") return { own: place, common: place };
  const { gitdir, commonDir } = readGitFile(workTree, marker);
  if (gitdir === undefined) return undefined;
  return { own: gitdir, common: commonDir === undefined ? gitdir : Buffer.from(commonDir) };
}

/** Of the branch's own section; included files are not followed (G5). */
function upstreamOf(common: Bytes, branch: string): Pick<WorkTreeHead, "upstream"> {
  const config = readStart(inside(common, "config"), configBytesMax) ?? "";
  const values = new Map<string, string>();
  let section: string | undefined;
  for (const line of config.split("\n")) {
    section = branchSection(line, section);
    const [, key, value] = /^\s*(remote|merge)\s*=\s*(\S+)\s*$/iu.exec(line) ?? [];
    const isOurs = section === branch && key !== undefined && value !== undefined;
    if (isOurs) values.set(key.toLowerCase(), value);
  }
  const [remote, merge] = [values.get("remote"), values.get("merge")];
  if (remote === undefined || merge === undefined) return {};
  return { upstream: `${remote}/${merge.replace(/^refs\/heads\//u, "")}` };
}

/** Which branch's section the lines from this one on are in. */
function branchSection(line: string, before: string | undefined): string | undefined {
  if (!/^\s*\[/u.test(line)) return before;
  const quoted = /^\s*\[\s*branch\s+"((?:[^"\\]|\\.)*)"\s*\]/iu.exec(line)?.[1];
  return quoted?.replaceAll(/\\(.)/gu, "$1");
}
