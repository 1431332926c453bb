import { everywhere, type Where } from "../../core/live/marks.ts";
import type { LeftOut } from "../../core/live/waiting.ts";
import type { RelPath } from "../../core/path/rel-path.ts";
import type { LeftPath } from "../../core/plan/sync-report.ts";
import type { LocalEntry } from "../../core/tree/node.ts";
import type { Work } from "../../std/events.ts";
import { LookMemory } from "./memory.ts";

/** Where the looks of one run look, and what they know of each other. */
export type Looking = {
  readonly memory: LookMemory;
  /** Told by which rules a look is done, before it begins (S95). */
  readonly onScope?: (leftOut: LeftOut) => void;
  /** Asked once, when a look begins; what was marked is taken by it. */
  readonly where: () => Where;
  /** What was marked since; undefined where nothing was. Something that vanished may stand there (S27). */
  readonly meanwhile: () => Where | undefined;
  /** Why a file whose content is wanted is not read now (S26); undefined where it may be. */
  readonly pace?: (row: LocalEntry, path: RelPath) => LeftPath | undefined;
};

/** How a look at the disk is stopped and watched, and where it looks: at everything, if nothing is said. */
export type LookWork = Work & { readonly looking?: Looking };

/** Each look is one at everything. */
export function lookEverywhere(): Looking {
  return { memory: new LookMemory(), where: () => everywhere, meanwhile: () => undefined };
}
