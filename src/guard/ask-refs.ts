import { isUtf8 } from "node:buffer";
import { isRefName } from "../core/repo/ref-name.ts";
import type { Head } from "../core/repo/finding.ts";
import type { RefsRead } from "./git-refs.ts";
import { parseLooseRef } from "./git-text.ts";
import { inside, kindAt, type Bytes } from "./read-only.ts";
import type { GitRun, Shadow } from "./shadow-git.ts";

const refsBytesMax = 64 * 1024 * 1024;

/** Whose refs Git is asked for. */
export type RefsQuestion = {
  /** The gitdir that a shadow stands for; that of the main work tree. */
  readonly common: Bytes;
  /** ms since 1970. */
  readonly deadline: number;
};

/** Refs and `HEAD` as native git tells them: for repositories that keep them in tables, which we do not read (G34). */
export async function askRefs(
  shadow: Shadow,
  { common, deadline }: RefsQuestion,
): Promise<{ readonly read: RefsRead; readonly head: Head }> {
  const bounds: GitRun = { bytesMax: refsBytesMax, deadline };
  const listed = await shadow.run(["for-each-ref", "--format=%(objectname) %(refname)"], bounds);
  const symbolic = await shadow.run(["symbolic-ref", "-q", "HEAD"], bounds);
  const tip = await shadow.run(["rev-parse", "-q", "--verify", "HEAD"], bounds);
  const refs = new Map<string, string>();
  for (const line of listed.stdout.toString("utf8").split("\n")) {
    const [oid = "", name] = line.split(" ", 2);
    if (name === undefined || parseLooseRef(oid) === undefined || !isRefName(name)) continue;
    refs.set(name, oid);
  }
  const ref = symbolic.code === 0 ? symbolic.stdout.toString("utf8").trim() : undefined;
  const oid = tip.code === 0 ? parseLooseRef(tip.stdout.toString("latin1")) : undefined;
  // A name that is no UTF-8 is no key; heads of other work trees lie in tables of their own.
  const isAlone = kindAt(inside(common, "worktrees")) === undefined;
  const complete = listed.code === 0 && isUtf8(listed.stdout) && isAlone;
  const read = { refs, complete, detached: [] };
  return { read, head: headFrom(ref, oid) };
}

function headFrom(ref: string | undefined, oid: string | undefined): Head {
  if (ref === undefined)
    return oid === undefined ? { kind: "unreadable" } : { kind: "detached", oid };
  const branch = ref.replace(/^refs\/heads\//u, "");
  return oid === undefined ? { kind: "unborn", branch } : { kind: "branch", branch, oid };
}
