import type { IndexStore } from "../ports.ts";
import type { Environment } from "./environment.ts";
import type { LinkedRecord } from "./find-workspace.ts";
import { settingsOf } from "./settings-of.ts";

/** A program of `sync.after` that failed (T43). */
export type HookFailure = {
  /** ms since 1970. */
  readonly at: number;
  /** A sentence without its end. */
  readonly reason: string;
};

/** Note, within a transaction, what came of the last run of `sync.after`; undefined where nothing failed. */
export function noteHookFailure(index: IndexStore, failure: HookFailure | undefined): void {
  index.setMeta("hook_failed", failure && JSON.stringify(failure));
}

/** What the last run of `sync.after` failed with; what cannot be read counts as nothing, since the next one writes it anew. */
export function hookFailureIn(index: IndexStore): HookFailure | undefined {
  const text = index.meta("hook_failed");
  const value = text === undefined ? undefined : valueOf(text);
  return isHookFailure(value) ? value : undefined;
}

/** The same, for as long as there is a `sync.after`: without one nobody can mend it. */
export function hookFailureNow(
  environment: Environment,
  record: LinkedRecord,
  failure: HookFailure | undefined,
): HookFailure | undefined {
  if (failure === undefined) return undefined;
  const commands = settingsOf(environment, record)["sync.after"] ?? [];
  return commands.length === 0 ? undefined : failure;
}

function valueOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isHookFailure(value: unknown): value is HookFailure {
  if (typeof value !== "object" || value === null) return false;
  if (!("at" in value) || !("reason" in value)) return false;
  return typeof value.at === "number" && typeof value.reason === "string";
}
