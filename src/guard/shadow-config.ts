import { configBoolean, configValue, quoteConfig, type GitConfig } from "./git-config.ts";
import { ignoreBytesMax, isOddFile } from "./special-files.ts";

/** How the objects and refs of a repository are stored, as far as Git has to be told. */
export type StorageFormat = {
  readonly objects: string;
  readonly refs: string;
  /** Some objects were promised by a remote and are not here. */
  readonly partial: boolean;
};

/** What the configuration of a shadow is made of. */
export type ShadowSettings = {
  /** The weakest first. */
  readonly configs: readonly GitConfig[];
  readonly format: StorageFormat;
  readonly worktree?: Buffer | undefined;
  /** Absolute path of a file of ours. */
  readonly attributesFile: string;
};

const booleans = [
  "fileMode",
  "ignoreCase",
  "precomposeUnicode",
  "symlinks",
  "sparseCheckout",
  "sparseCheckoutCone",
] as const;

/**
 * The configuration of a shadow gitdir (G33): ours, and of the others' only values of a few names that cannot run anything,
 * checked one by one. Hooks, filters, monitors, aliases, includes and remotes stay behind.
 */
export function shadowConfig(settings: ShadowSettings): string {
  const { configs, format, worktree, attributesFile } = settings;
  const all = configs.flat();
  const lines = [
    "[core]",
    `repositoryFormatVersion = ${isPlain(format) ? 0 : 1}`,
    `bare = ${worktree === undefined}`,
    "fsmonitor = false",
    "untrackedCache = false",
    "commitGraph = false",
    "hooksPath = /dev/null",
    `attributesFile = ${quoteConfig(attributesFile)}`,
    // Contents of files are read piece by piece, packs through a window.
    "bigFileThreshold = 32m",
    "packedGitWindowSize = 8m",
    "packedGitLimit = 64m",
    "deltaBaseCacheLimit = 32m",
    ...taken(all),
    ...(isPlain(format) ? [] : ["[extensions]", ...extensions(format)]),
    ...(format.partial ? ['[remote "none"]', "promisor = true", "url = /dev/null"] : []),
    "[protocol]",
    "allow = never",
    "[gc]",
    "auto = 0",
    "[maintenance]",
    "auto = false",
  ];
  return `${lines.join("\n")}\n`;
}

function isPlain({ objects, refs, partial }: StorageFormat): boolean {
  return objects === "sha1" && refs === "files" && !partial;
}

/** A remote of ours stands for the one that promised: it has no place to fetch from. */
function extensions({ objects, refs, partial }: StorageFormat): string[] {
  return [
    ...(objects === "sha256" ? ["objectFormat = sha256"] : []),
    ...(refs === "reftable" ? ["refStorage = reftable"] : []),
    ...(partial ? ["partialClone = none"] : []),
  ];
}

function taken(config: GitConfig): string[] {
  const value = (name: string): string | undefined =>
    configValue(config, `core.${name.toLowerCase()}`);
  const lines = booleans.flatMap((name) => {
    const set = configBoolean(value(name));
    return set === undefined ? [] : [`${name} = ${set}`];
  });
  const autocrlf = value("autocrlf")?.toLowerCase();
  const converts = autocrlf === "input" ? autocrlf : configBoolean(autocrlf);
  if (converts !== undefined) lines.push(`autocrlf = ${converts}`);
  const eol = value("eol")?.toLowerCase();
  if (eol !== undefined && ["lf", "crlf", "native"].includes(eol)) lines.push(`eol = ${eol}`);
  const excludes = value("excludesfile");
  if (excludes?.startsWith("/") === true && !isOddFile(Buffer.from(excludes), ignoreBytesMax))
    lines.push(`excludesFile = ${quoteConfig(excludes)}`);
  return lines;
}
