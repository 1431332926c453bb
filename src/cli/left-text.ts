import { displayName } from "../core/path/names.ts";
import type { LeftPath } from "../core/plan/sync-report.ts";
import type { Json } from "../std/json.ts";
import type { Output } from "./output.ts";

/** What was left aside, each with its reason and what to do. */
export function showLeft(output: Pick<Output, "emit" | "say">, left: readonly LeftPath[]): void {
  for (const item of left) {
    output.emit("left", leftFields(item));
    const hint = item.hint === undefined ? "" : `\n    ${displayName(item.hint)}`;
    output.say(
      `  ${kindText[item.kind]}  ${displayName(item.path === "" ? "." : item.path)}: ${displayName(item.reason)}${hint}`,
    );
  }
}

const kindText: Readonly<Record<LeftPath["kind"], string>> = {
  hold: "held      ",
  unknown: "unknown   ",
  parked: "failed    ",
  refused: "refused   ",
  unsynced: "not synced",
  damaged: "damaged   ",
};

/** One of them for programs. */
export function leftFields(item: LeftPath): Readonly<Record<string, Json>> {
  const { path, kind, reason, hint, digest } = item;
  return { path, kind, reason, hint, digest };
}
