import { join } from "node:path";
import type { GitConfig } from "./git-config.ts";
import { readConfig } from "./git-layout.ts";
import { kindAt } from "./read-only.ts";

/** Where a user's own settings of Git are. */
export type UserPlaces = {
  readonly home: string | undefined;
  /** `XDG_CONFIG_HOME`; undefined for `.config` in the home. */
  readonly configHome: string | undefined;
};

/**
 * Settings of the user that hold for every repository, the weakest first, as far as a shadow takes them over (G33). Files that
 * they include are not read.
 */
export function userConfigs({ home, configHome }: UserPlaces): GitConfig[] {
  if (home === undefined || !home.startsWith("/")) return [readConfig(Buffer.from(systemConfig))];
  const folder = join(
    configHome?.startsWith("/") === true ? configHome : join(home, ".config"),
    "git",
  );
  const ignore = join(folder, "ignore");
  const usual = kindAt(Buffer.from(ignore)) === undefined ? [] : [excludesFile(ignore)];
  const files = [systemConfig, join(folder, "config"), join(home, ".gitconfig")];
  return [usual, ...files.map((file) => withoutTilde(readConfig(Buffer.from(file)), home))];
}

const systemConfig = "/etc/gitconfig";

function excludesFile(value: string): GitConfig[number] {
  return { section: "core", subsection: undefined, name: "excludesfile", value };
}

function withoutTilde(config: GitConfig, home: string): GitConfig {
  return config.map((entry) =>
    entry.value.startsWith("~/") ? { ...entry, value: join(home, entry.value.slice(2)) } : entry,
  );
}
