import { compareBytes } from "../core/path/rel-path.ts";
import type { SyncedRepository } from "../core/repo/gitdir-path.ts";
import type { Clock } from "../std/time.ts";
import type { OverriddenFolder } from "./guard-overrides.ts";

/** Which overrides are in force at the moment of asking. */
export type OverridesNow = {
  at(path: string): SyncedRepository | undefined;
  /** Another one where anything else is overridden, or otherwise (S95). */
  text(): string;
};

/** A workspace may be open for longer than an override lasts (G44). */
export function overridesNow(
  overridden: ReadonlyMap<string, OverriddenFolder>,
  clock: Clock,
): OverridesNow {
  const isInForce = ({ expiresAt }: OverriddenFolder): boolean => clock.now() < expiresAt;
  return {
    at: (path) => {
      const found = overridden.get(path);
      return found !== undefined && isInForce(found) ? found : undefined;
    },
    text: () =>
      [...overridden]
        .filter(([, found]) => isInForce(found))
        .map(([path, { form, isTrusted }]) => `${path}/${form}${isTrusted ? " trusted" : ""}`)
        .toSorted(compareBytes)
        .join("\n"),
  };
}
