import type { FormatFacts, LfsFacts } from "../core/repo/finding.ts";
import {
  attributeFiles,
  conversionsOf,
  outerAttributes,
  type Conversions,
  type OuterAttributes,
} from "./attributes.ts";
import { configBoolean, configValue, parseGitConfig, type GitConfig } from "./git-config.ts";
import type { GitPlaces } from "./git-refs.ts";
import { summariseIndex, type IndexSummary } from "./index-summary.ts";
import { packsIn, type Packs } from "./packs.ts";
import { inside, isSameFolder, kindAt, readStart, readWhole, type Bytes } from "./read-only.ts";
import { remotesOf, type Remotes } from "./remotes.ts";
import type { StorageFormat } from "./shadow-config.ts";
import type { UserSettings } from "./user-config.ts";
import { hasOddSubmodule, ignoreBytesMax, isOddFile } from "./special-files.ts";

const configBytesMax = 1024 * 1024;

/** How a repository is laid out, by our own parsers alone: nothing of it has been handed to a library yet (G32, G34). */
export type GitLayout = {
  readonly places: GitPlaces;
  /** Folder with its files; undefined for a bare repository, and where the files are elsewhere. */
  readonly worktree: Bytes | undefined;
  /** The configuration says that it has no work tree. */
  readonly bare: boolean;
  /** A worktree beside the main one. */
  readonly linked: boolean;
  /** That of the user, weakest first, then that of the repository. */
  readonly configs: readonly GitConfig[];
  /** Of the repository and, where it has one of its own, of the worktree. */
  readonly config: GitConfig;
  /** A configuration is there and cannot be read whole: nothing is known of the layout then (G4). */
  readonly unread: boolean;
  /** A part of the configuration lies in other files, which are not read (G5), or is the user's and cannot be read. */
  readonly includes: boolean;
  readonly storage: StorageFormat;
  readonly format: FormatFacts;
  readonly index: IndexSummary;
  readonly conversions: Conversions;
  readonly outer: OuterAttributes;
  readonly remotes: Remotes;
  /** There are rules that make Git pass over untracked files, as far as the top and the settings tell. */
  readonly ignores: boolean;
  /** A file of such rules that the settings name is none, or too large: it is left out. */
  readonly oddExcludes: boolean;
  /** Something in a submodule is no file where Git expects one. */
  readonly oddSubmodules: boolean;
  readonly packs: Packs;
  readonly alternates: boolean;
  readonly shallow: boolean;
  readonly lfs: LfsFacts | undefined;
};

/** What is to be examined. */
export type GitSubject = GitPlaces & {
  /** The folder that holds the marker; undefined for a gitdir without one. */
  readonly folder: Bytes | undefined;
};

/** Examine how a repository is laid out (G34). Reads plain text and the index; nothing is parsed that could be compressed. */
export function examineLayout(subject: GitSubject, user: UserSettings): GitLayout {
  const { gitdir, common, folder } = subject;
  const config = ownConfig(subject);
  const storage = storageOf(config, common);
  const index = summariseIndex(inside(gitdir, "index"), storage.objects === "sha256" ? 32 : 20);
  const bare = configBoolean(configValue(config, "core.bare")) === true;
  const linked = !gitdir.equals(common);
  const worktree = bare && !linked ? undefined : worktreeOf(subject, config);
  const configs = [...user.configs, config];
  const files = attributeFiles(common, worktree, index.folders ?? []);
  const outer = outerAttributes(user.attributes, configs.flat());
  const conversions = conversionsOf(files, configs.flat(), outer);
  const packs = packsIn(inside(common, "objects/pack"));
  return {
    places: { gitdir, common },
    worktree,
    bare: bare && folder === undefined,
    linked,
    configs,
    unread: isUnread(inside(common, "config")) || isUnread(inside(gitdir, "config.worktree")),
    config,
    includes: user.unread || configs.flat().some(isInclude),
    storage: { ...storage, partial: storage.partial || packs.promised },
    format: {
      objects: storage.objects,
      refs: storage.refs,
      index: index.version,
      extensions: extensionsOf(config),
    },
    index,
    conversions: index.folders === undefined ? { ...conversions, filters: true } : conversions,
    outer,
    remotes: remotesOf(configs, common),
    ignores: hasIgnoreRules(common, worktree, configs),
    oddExcludes: hasOddExcludes(configs),
    oddSubmodules: worktree !== undefined && hasOddSubmodule(worktree, index.submodulePaths),
    packs,
    alternates: hasText(inside(common, "objects/info/alternates")),
    shallow: hasText(inside(common, "shallow")),
    lfs: lfsOf(conversions, common),
  };
}

function isInclude({ section }: GitConfig[number]): boolean {
  return section === "include" || section === "includeif";
}

/** The worktree's own part wins, where the extension for it is on (git-worktree(1)). */
function ownConfig({ gitdir, common }: GitPlaces): GitConfig {
  const config = readConfig(inside(common, "config"));
  const hasOwn = configBoolean(configValue(config, "extensions.worktreeconfig")) === true;
  return hasOwn ? [...config, ...readConfig(inside(gitdir, "config.worktree"))] : config;
}

/** A configuration that is not there, cannot be read or is too large is an empty one. */
export function readConfig(path: Bytes): GitConfig {
  const file = readWhole(path, configBytesMax);
  return parseGitConfig(file?.bytes.toString("utf8") ?? "");
}

function storageOf(config: GitConfig, common: Bytes): StorageFormat {
  const value = (name: string): string | undefined =>
    configValue(config, `extensions.${name}`)?.toLowerCase();
  const hasTables = kindAt(inside(common, "reftable/tables.list")) === "file";
  return {
    objects: value("objectformat") ?? "sha1",
    refs: hasTables ? "reftable" : (value("refstorage") ?? "files"),
    partial: value("partialclone") !== undefined,
  };
}

function isUnread(path: Bytes): boolean {
  return kindAt(path) !== undefined && readWhole(path, configBytesMax) === undefined;
}

function extensionsOf(config: GitConfig): string[] {
  const names = config.flatMap(({ section, name }) => (section === "extensions" ? [name] : []));
  return [...new Set(names)].toSorted();
}

/** `core.worktree` may lead elsewhere; a submodule's leads to its own folder. */
function worktreeOf({ gitdir, folder }: GitSubject, config: GitConfig): Bytes | undefined {
  const written = configValue(config, "core.worktree");
  if (folder === undefined || written === undefined) return folder;
  const target = written.startsWith("/") ? Buffer.from(written) : inside(gitdir, written);
  return isSameFolder(target, folder) ? folder : undefined;
}

function hasIgnoreRules(
  common: Bytes,
  worktree: Bytes | undefined,
  configs: readonly GitConfig[],
): boolean {
  const exclude = inside(common, "info/exclude");
  const rules = readStart(exclude, configBytesMax);
  const isOdd = rules === undefined && kindAt(exclude) !== undefined;
  return (
    isOdd ||
    /^(?!#)\s*\S/mu.test(rules ?? "") ||
    configValue(configs.flat(), "core.excludesfile") !== undefined ||
    (worktree !== undefined && kindAt(inside(worktree, ".gitignore")) !== undefined)
  );
}

function hasOddExcludes(configs: readonly GitConfig[]): boolean {
  const path = configValue(configs.flat(), "core.excludesfile");
  return path?.startsWith("/") === true && isOddFile(Buffer.from(path), ignoreBytesMax);
}

function hasText(path: Bytes): boolean {
  return kindAt(path) !== undefined && readStart(path, 4096)?.trim() !== "";
}

function lfsOf({ lfs }: Conversions, common: Bytes): LfsFacts | undefined {
  const stored = kindAt(inside(common, "lfs/objects")) === "folder";
  return lfs || stored ? { rules: lfs, stored } : undefined;
}
