import { readFileSync } from "node:fs";
import { LowSync, type SyncAdapter } from "lowdb";
import { z } from "zod";
import { describeError, SnapError, systemCode } from "../std/error.ts";
import { randomHex, type Rng } from "../std/random.ts";
import { configSchema, configVersion, emptyConfig, type Config } from "./config.ts";
import { fromSystem } from "./errors.ts";
import { writePrivateFile } from "./private-file.ts";
import { takeLock } from "./process-lock.ts";

/** How long to wait for another process that writes the file: it needs some milliseconds. */
const writeWaitMs = 10_000;

/** The small documents: settings, accounts, workspaces, overrides, device. */
export interface SettingsFile {
  /** What the file holds now. @throws {SnapError} `settings-invalid`, `version-too-new`, `disk-error` */
  read(): Config;
  /**
   * Change what the file holds now. Writers of other processes wait for each other, so no entry is lost; durable on
   * return, and nothing is written when `change` throws. @throws {SnapError} as `read`, and `busy`, `disk-full`
   */
  update(change: (config: Config) => Config): Config;
}

/**
 * The settings at a path; its folder exists. A missing file is one without entries, with a device id that is
 * written by the first update. A broken one is never replaced.
 */
export function openSettings(
  path: string,
  options: { readonly rng: Rng; readonly deviceName: string },
): SettingsFile {
  const device = { id: randomHex(options.rng, 8), name: options.deviceName };
  const open = (): LowSync<Config> => {
    const document = new LowSync(new ConfigFile(path), emptyConfig(device));
    document.read();
    return document;
  };
  return {
    read: () => open().data,
    update: (change) => {
      using _lock = takeLock(`${path}.lock`, { what: "snap", waitMs: writeWaitMs });
      const document = open();
      document.data = configSchema.parse(change(document.data));
      document.write();
      return document.data;
    },
  };
}

/** Reads with a check of every field, writes whole files or nothing. */
class ConfigFile implements SyncAdapter<Config> {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  read(): Config | null {
    const text = this.#text();
    return text === undefined ? null : parseConfig(text, this.#path);
  }

  write(config: Config): void {
    writePrivateFile(this.#path, `${JSON.stringify(config, undefined, 2)}\n`);
  }

  #text(): string | undefined {
    try {
      return readFileSync(this.#path, "utf8");
    } catch (error) {
      if (systemCode(error) === "ENOENT") return undefined;
      throw fromSystem(error, this.#path);
    }
  }
}

const versionSchema = z.looseObject({ version: z.int() });

function parseConfig(text: string, path: string): Config {
  const value = parseJson(text, path);
  const version = versionSchema.safeParse(value);
  if (version.success && version.data.version > configVersion) {
    throw new SnapError("version-too-new", `The settings were written by a newer snap: "${path}"`, {
      path,
      hint: "Update snap, then try again.",
    });
  }
  const parsed = configSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw invalid(path, z.prettifyError(parsed.error).replaceAll(/\s*\n\s*/gu, " "));
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw invalid(path, describeError(error));
  }
}

function invalid(path: string, reason: string): SnapError {
  return new SnapError("settings-invalid", `The settings cannot be read: "${path}" (${reason})`, {
    path,
    hint: "Correct the file, or move it away to start without settings: then log in and link again.",
  });
}
