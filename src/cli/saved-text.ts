import type { SnapshotRoot } from "../core/snapshot/root.ts";
import type { Output } from "./output.ts";

/** Tell what was saved before something is done (N48). */
export function tellSaved(
  output: Pick<Output, "emit" | "say">,
  saved: readonly SnapshotRoot[],
): void {
  for (const { id, side } of saved) {
    output.emit("saved", { side, snapshot: id });
    const where = side === "local" ? "here" : "in Dropbox";
    output.say(`What this touches ${where} is saved as snapshot ${id.slice(0, 8)}.`);
  }
}
