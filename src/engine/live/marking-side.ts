import type { ActOutcome, LocalAct } from "../../core/plan/local-act.ts";
import type { RelPath } from "../../core/path/rel-path.ts";
import type { LocalSide } from "../../ports.ts";
import type { LookMemory } from "../disk/memory.ts";
import type { LiveMarks } from "./live-marks.ts";
import { localSideWith } from "./local-side-with.ts";

/**
 * The disk of a workspace, where what we change there by ourselves is marked like what others change (S2): the next look of the
 * same run sees it, whether or not something watches.
 */
export function markingSide(
  side: LocalSide,
  marks: Pick<LiveMarks, "changed" | "below" | "tellsOf">,
  memory: LookMemory,
): LocalSide {
  // What is told of a folder, by an earlier look or since, is told by its path.
  const isTold = (folder: RelPath): boolean => memory.tellsOf(folder) || marks.tellsOf(folder);
  const act = async (wanted: LocalAct, how: "perform" | "settle"): Promise<ActOutcome> => {
    try {
      const outcome = await side[how](wanted);
      marks.changed(outcome.putBack);
      return outcome;
    } finally {
      // Also where it fails: half of it may have been done.
      if (wanted.act === "move" && isTold(wanted.from)) marks.below([wanted.to]);
      marks.changed(placesOf(wanted));
    }
  };
  return localSideWith(side, {
    makeFolder: async (path) => {
      marks.changed([path]);
      return await side.makeFolder(path);
    },
    perform: (wanted) => act(wanted, "perform"),
    settle: (wanted) => act(wanted, "settle"),
    setMetadata: async (path, metadata) => {
      marks.changed([path]);
      return await side.setMetadata(path, metadata);
    },
  });
}

function placesOf(wanted: LocalAct): readonly RelPath[] {
  return wanted.act === "move" ? [wanted.from, wanted.to] : [wanted.path];
}
