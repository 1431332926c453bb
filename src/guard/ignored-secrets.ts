import { rulesOf, type IgnoreRules } from "../core/ignore.ts";
import { isRelPath, joinPath, topPath, type RelPath } from "../core/path/rel-path.ts";
import { repositoryMarker } from "../core/repo/marker.ts";
import { isSnapError } from "../std/error.ts";
import { inside, isOutOfReach, readFolder, readStart, type RawEntry } from "./read-only.ts";

/** Bounds of the search: rules that are read, in bytes, and folders that are looked into. */
const rulesBytesMax = 64 * 1024;
const foldersMax = 2_000;

/** Names that tend to hold what nobody else should read. */
const secretNames: readonly RegExp[] = [
  /^\.env(?:\..+)?$/u,
  /^\.(?:netrc|npmrc|pypirc|pgpass|htpasswd)$/u,
  /^(?:credentials|secrets?)(?:\.(?:json|ya?ml|toml|txt|env))?$/u,
  /^id_(?:rsa|dsa|ecdsa|ed25519)$/u,
  /\.(?:pem|key|p12|pfx|keystore|jks|kdbx)$/u,
];

/**
 * Files of a work tree that Git ignores and that look like secrets: a sync of the work tree takes them along (G50). By the rules at
 * its top alone; a search that is too long ends early, since this is a warning and no proof.
 *
 * @param workTree absolute path
 */
export function ignoredSecrets(workTree: string): readonly RelPath[] {
  const top = Buffer.from(workTree);
  const rules = gitRules(top);
  if (rules === undefined) return [];
  const found: RelPath[] = [];
  const waiting: RelPath[] = [topPath];
  for (let seen = 0; seen < foldersMax; seen += 1) {
    const folder = waiting.shift();
    if (folder === undefined) break;
    for (const { name, kind } of entriesOf(Buffer.from(`${workTree}/${folder}`))) {
      if (!isRelPath(name) || repositoryMarker(name, kind) !== undefined) continue;
      const path = joinPath(folder, name);
      if (kind === "folder" && !rules.ignores(path, "folder")) waiting.push(path);
      if (kind === "file" && looksSecret(name) && rules.ignores(path, "file")) found.push(path);
    }
  }
  return found;
}

function looksSecret(name: string): boolean {
  const lower = name.toLowerCase();
  return secretNames.some((form) => form.test(lower));
}

/** Undefined where Git ignores nothing, or by rules that are beyond our bounds. */
function gitRules(top: Buffer): IgnoreRules | undefined {
  const texts = [".gitignore", ".git/info/exclude"].map((name) =>
    readStart(inside(top, name), rulesBytesMax),
  );
  const text = texts.filter((one) => one !== undefined && one.length < rulesBytesMax).join("\n");
  if (text.trim() === "") return undefined;
  try {
    return rulesOf(text);
  } catch (error) {
    if (isSnapError(error, "settings-invalid")) return undefined;
    throw error;
  }
}

function entriesOf(folder: Buffer): readonly RawEntry[] {
  try {
    return readFolder(folder);
  } catch (error) {
    if (isOutOfReach(error)) return [];
    throw error;
  }
}
