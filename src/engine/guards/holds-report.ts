import type { Verdict } from "../../core/plan/holds.ts";
import { folderOfHeld, holdWords } from "../../core/plan/hold-words.ts";
import type { LeftPath } from "../../core/plan/sync-report.ts";

/** How a sync tells of a set that waits: once, whatever its size. */
export function leftByHold(
  { guard, items }: Verdict,
  digest: string,
  tracked: () => number,
): LeftPath {
  const isRemoval = guard === "local-delete" || guard === "remote-delete";
  const share = isRemoval ? ` (${shareOf(items.length, tracked())} of all)` : "";
  return {
    path: folderOfHeld(items),
    kind: "hold",
    reason: `${holdWords(guard, items.length)}${share}`,
    hint: `\`snap hold list\` shows what; \`snap confirm ${digest}\` lets exactly this pass`,
    digest,
  };
}

function shareOf(count: number, all: number): string {
  return `${Math.min(100, Math.round((count * 100) / Math.max(1, all)))} %`;
}
