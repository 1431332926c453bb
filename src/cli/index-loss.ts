import { displayName } from "../core/path/names.ts";
import type { Status } from "../app/status.ts";
import type { Output } from "./output.ts";

/** Say what had become of the index, and what took its place (S77); nothing where it was not lost. */
export function warnOfLoss(output: Output, loss: Status["indexLoss"]): void {
  if (loss === undefined) return;
  const { movedAside, copy, badCopies } = loss;
  const quoted = (path: string): string => `"${displayName(path)}"`;
  for (const path of badCopies) {
    output.warn(`A copy of the index is damaged, too: ${quoted(path)}`);
  }
  const lost =
    movedAside === undefined
      ? "The index was missing"
      : `The index was damaged: it was moved to ${quoted(movedAside)}`;
  const now =
    copy === undefined
      ? "made anew; nothing was deleted"
      : `the copy ${quoted(copy)} took its place`;
  output.warn(`${lost}, and ${now}`);
}
