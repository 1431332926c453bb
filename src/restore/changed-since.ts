import { SnapError } from "../std/error.ts";

/** Paths that an error names; the plan with --skip-changed lists all. */
const namedMax = 5;

/** Somebody worked there since a restore (T45). */
export function changedSince(changed: readonly string[]): SnapError {
  const named = changed.slice(0, namedMax).map((path) => `"${path}"`);
  const more = changed.length > namedMax ? `, and ${changed.length - namedMax} more` : "";
  return new SnapError("refused", `Changed since the restore: ${named.join(", ")}${more}`, {
    path: changed[0] ?? "",
    hint: "Nothing was changed. --skip-changed takes back the rest and leaves these as they are.",
  });
}
