import { join } from "node:path";
import { parseGitConfig, type GitConfig } from "./git-config.ts";
import { kindAt, readWhole, realPath, type Bytes } from "./read-only.ts";

/** Where a user's own settings of Git are, and those of the machine. */
export type UserPlaces = {
  readonly home: string | undefined;
  /** `XDG_CONFIG_HOME`; undefined for `.config` in the home. */
  readonly configHome: string | undefined;
  /** Absolute folder with the settings of the machine; `/etc` where it is not given. */
  readonly etc?: string | undefined;
};

/** What holds for every repository of a user, as far as a shadow takes it over (G33). */
export type UserSettings = {
  /** The weakest first. Files that they include are not read. */
  readonly configs: readonly GitConfig[];
  /** A configuration is there and cannot be read whole. */
  readonly unread: boolean;
  /** Path of the attributes that hold on the whole machine, there or not; those of the user are a setting. */
  readonly attributes: Bytes | undefined;
};

/** Where nothing is known of a user. */
export const noSettings: UserSettings = { configs: [], unread: false, attributes: undefined };

const configBytesMax = 1024 * 1024;

/** Settings of the user and the machine. */
export function userSettings({ home, configHome, etc = "/etc" }: UserPlaces): UserSettings {
  const system = join(etc, "gitconfig");
  const attributes = Buffer.from(join(etc, "gitattributes"));
  if (home === undefined || !home.startsWith("/")) return { ...readConfigs([system]), attributes };
  const folder = join(
    configHome?.startsWith("/") === true ? configHome : join(home, ".config"),
    "git",
  );
  const usual = [
    ...usualFile("excludesfile", join(folder, "ignore")),
    ...usualFile("attributesfile", join(folder, "attributes")),
  ];
  const read = readConfigs([system, join(folder, "config"), join(home, ".gitconfig")]);
  const configs = [usual, ...read.configs.map((config) => withoutTilde(config, home))];
  return { configs, unread: read.unread, attributes };
}

/** Git follows a link here: people keep such files elsewhere. */
function readConfigs(paths: readonly string[]): Pick<UserSettings, "configs" | "unread"> {
  const found = paths.flatMap((path) => realPath(Buffer.from(path)) ?? []);
  const files = found.map((path) => readWhole(path, configBytesMax));
  return {
    configs: files.map((file) => parseGitConfig(file?.bytes.toString("utf8") ?? "")),
    unread: files.includes(undefined),
  };
}

function usualFile(name: string, value: string): GitConfig {
  if (kindAt(Buffer.from(value)) === undefined) return [];
  return [{ section: "core", subsection: undefined, name, value }];
}

function withoutTilde(config: GitConfig, home: string): GitConfig {
  return config.map((entry) =>
    entry.value.startsWith("~/") ? { ...entry, value: join(home, entry.value.slice(2)) } : entry,
  );
}
