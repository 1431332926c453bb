import { hostname } from "node:os";
import path from "node:path";
import {
  settingFacts,
  settingName,
  settingNames,
  settingText,
  type SettingName,
} from "../core/settings/catalogue.ts";
import {
  settingsSchema,
  workspaceSettingsSchema,
  type Settings,
  type WorkspaceSettings,
} from "../core/settings/values.ts";
import type { Config, WorkspaceRecord } from "../state/config.ts";
import { SnapError } from "../std/error.ts";
import type { Json } from "../std/json.ts";
import type { Environment } from "./environment.ts";
import { requireWorkspace } from "./find-workspace.ts";
import { remoteFromTemplate } from "./link-template.ts";
import { forgetKnownStore } from "./known-store.ts";
import { refuseStoreInside } from "./store.ts";

/** A setting with the value that holds. */
export type SettingLine = {
  readonly name: SettingName;
  /** undefined: the default holds. */
  readonly value: Json;
  /** The value, or the default, for people. */
  readonly text: string;
  readonly source: "default" | "user" | "workspace";
  readonly unit: string;
  readonly default: string;
  readonly meaning: string;
};

/**
 * Every setting, in a fixed order; as it holds in one workspace where one is named, else the user's.
 *
 * @throws {SnapError} `workspace-missing`, `settings-invalid`
 */
export function listSettings(
  environment: Environment,
  workspace: string | undefined,
): readonly SettingLine[] {
  const record = recordOf(environment, workspace);
  const config = environment.settings.read();
  return settingNames.map((name) => lineOf(config, record, name));
}

/** One of them. @throws {SnapError} as `listSettings`, and `usage` for a name that is none */
export function getSetting(
  environment: Environment,
  named: string,
  workspace: string | undefined,
): SettingLine {
  const name = settingName(named);
  return lineOf(environment.settings.read(), recordOf(environment, workspace), name);
}

/** What a person sets; without values the default holds again. */
export type SettingChange = {
  readonly name: string;
  readonly values: readonly string[];
  /** A place in the workspace whose setting it is; undefined: the user's. */
  readonly workspace: string | undefined;
  readonly dryRun: boolean;
};

/**
 * Set one setting; durable on return.
 *
 * @returns the line as it is then, of the same scope
 * @throws {SnapError} `usage` for an unknown name, a value out of range, and a scope that the setting has not;
 * `workspace-missing`, `store-inside-workspace`, `settings-invalid`, `busy`
 */
export function setSetting(environment: Environment, change: SettingChange): SettingLine {
  const name = settingName(change.name);
  const record = recordOf(environment, change.workspace);
  refuseScope(name, record);
  const value = valueOf(environment, name, change.values);
  const edit = (config: Config): Config => withSetting(config, { name, value, record });
  const config = change.dryRun
    ? edit(environment.settings.read())
    : environment.settings.update(edit);
  if (name === "store.path" && !change.dryRun) forgetKnownStore(environment);
  return lineOf(config, record, name);
}

function recordOf(
  environment: Environment,
  workspace: string | undefined,
): WorkspaceRecord | undefined {
  return workspace === undefined ? undefined : requireWorkspace(environment, workspace);
}

function refuseScope(name: SettingName, record: WorkspaceRecord | undefined): void {
  if (record === undefined || settingFacts(name).scope === "workspace") return;
  throw new SnapError("usage", `${name} is one for all workspaces`, {
    hint: "Leave out --workspace.",
  });
}

function valueOf(environment: Environment, name: SettingName, words: readonly string[]): Json {
  if (words.length === 0) return undefined;
  const value = settingFacts(name).parse(words, name);
  if (typeof value !== "string") return value;
  if (name === "link.template") remoteFromTemplate(value, anyName);
  if (name !== "store.path") return value;
  const folder = path.resolve(environment.cwd, value);
  refuseStoreInside(environment, folder);
  return folder;
}

/** Whether a template is a path is seen whatever the names are. */
const anyName = { get: (): string => "x" };

type Edit = {
  readonly name: SettingName;
  readonly value: Json;
  readonly record: WorkspaceRecord | undefined;
};

function withSetting(config: Config, { name, value, record }: Edit): Config {
  if (name === "device.name") return withDeviceName(config, value);
  if (record === undefined) {
    return { ...config, settings: settingsSchema.parse(withMember(config.settings, name, value)) };
  }
  const workspaces = config.workspaces.map((other) =>
    other.id === record.id ? withOwn(other, name, value) : other,
  );
  return { ...config, workspaces };
}

function withOwn(record: WorkspaceRecord, name: SettingName, value: Json): WorkspaceRecord {
  if (name === "repos") return { ...record, repos: value === "exclude" ? "exclude" : "refuse" };
  if (name === "gitignore") return withGitignore(record, value === "exclude");
  const { settings: before = {}, ...rest } = record;
  const settings = workspaceSettingsSchema.parse(withMember(before, name, value));
  return Object.keys(settings).length === 0 ? rest : { ...rest, settings };
}

function withGitignore(record: WorkspaceRecord, isExcluded: boolean): WorkspaceRecord {
  const { gitignore: _, ...rest } = record;
  return isExcluded ? { ...rest, gitignore: "exclude" } : rest;
}

function withMember(
  settings: Settings | WorkspaceSettings,
  name: SettingName,
  value: Json,
): Readonly<Record<string, unknown>> {
  const others = Object.entries(settings).filter(([other]) => other !== name);
  return Object.fromEntries(value === undefined ? others : [...others, [name, value]]);
}

/** The default is what the machine is called now. */
function withDeviceName(config: Config, value: Json): Config {
  const name = typeof value === "string" ? value : hostname();
  return { ...config, device: { ...config.device, name } };
}

function lineOf(
  config: Config,
  record: WorkspaceRecord | undefined,
  name: SettingName,
): SettingLine {
  const { parse: _parse, scope: _scope, ...facts } = settingFacts(name);
  const { value, source } = heldValue(config, record, name);
  const text = value === undefined ? facts.default : settingText(name, value);
  return { name, value, text, source, ...facts };
}

type Held = Pick<SettingLine, "value" | "source">;

function heldValue(config: Config, record: WorkspaceRecord | undefined, name: SettingName): Held {
  if (name === "device.name") {
    const { name: value } = config.device;
    return { value, source: value === hostname() ? "default" : "user" };
  }
  const fresh = config.workspaces.find(({ id }) => id === record?.id);
  if (fresh !== undefined && name === "repos") return { value: fresh.repos, source: "workspace" };
  if (fresh !== undefined && name === "gitignore") {
    return { value: fresh.gitignore ?? "sync", source: "workspace" };
  }
  const own = memberOf(fresh?.settings, name);
  if (own !== undefined) return { value: own, source: "workspace" };
  const value = memberOf(config.settings, name);
  return { value, source: value === undefined ? "default" : "user" };
}

function memberOf(settings: Settings | WorkspaceSettings | undefined, name: SettingName): Json {
  const members: Readonly<Record<string, Json>> = settings ?? {};
  return members[name];
}
