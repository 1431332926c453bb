import path from "node:path";
import { displayName } from "../core/path/names.ts";
import { headText } from "../core/repo/head-beacon.ts";
import { choiceText } from "../core/repo/policy.ts";
import {
  chosenIn,
  parseRepoNotes,
  type RepoNotes,
  type WorkTreeNote,
} from "../core/repo/repo-notes.ts";
import { headOf } from "../guard/work-trees.ts";
import type { IndexStore } from "../ports.ts";
import type { LinkedRecord } from "./find-workspace.ts";

/** What a status says of repositories whose work trees alone are synced (G46, G49, G50). */
export function repositoryNotes(
  { path: top, repos, gitignore }: Pick<LinkedRecord, "path" | "repos" | "gitignore">,
  index: Pick<IndexStore, "meta">,
): readonly string[] {
  const notes = parseRepoNotes(index.meta("repositories"));
  const policy = notes === undefined ? [] : policyNote(notes);
  if (repos !== "exclude") return policy;
  const heads = (notes?.workTrees ?? []).flatMap((note) => headNote(top, note));
  const ignored = gitignore === undefined ? [] : [ignoredNote];
  return [historyNote, ...ignored, ...policy, ...heads];
}

const historyNote =
  "Repositories: work trees are synced, their history is not in Dropbox. Push it to keep it.";

const ignoredNote = "Repositories: what Git ignores is left out on this device (gitignore).";

function policyNote(notes: RepoNotes): readonly string[] {
  const { policy } = notes;
  if (policy === undefined) return [];
  const here = chosenIn(notes);
  const isMode = policy.repos !== here.repos;
  const change = isMode ? `repos ${policy.repos}` : `gitignore ${policy.gitignore ?? "sync"}`;
  return [
    `Repositories: "${displayName(policy.device)}" chose ${choiceText(policy)} for this folder, here it is ${choiceText(here)}. \`snap config set ${change}\` with --workspace makes it the same.`,
  ];
}

/** Only while what is checked out here is still what it was when the files came. */
function headNote(top: string, { folder, from }: WorkTreeNote): readonly string[] {
  if (from === undefined) return [];
  const head = headOf(path.join(top, folder));
  if (head === undefined || (head.oid ?? "") !== from.here || head.oid === from.oid) return [];
  const where = folder === "" ? "" : ` of "${displayName(folder)}"`;
  return [
    `Files${where} come from ${displayName(from.device)} (${displayName(from.head)}), HEAD here is ${displayName(headText(head))}: do not commit yet.`,
  ];
}
