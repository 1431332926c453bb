import { hash } from "node:crypto";
import { z } from "zod";
import { isRelPath, type RelPath } from "../path/rel-path.ts";
import type { Standing } from "./unit-changes.ts";

/** What a restore does with one repository, as a whole (T38). */
export type UnitStep = {
  /** Its folder. */
  readonly path: RelPath;
  readonly vcs: "git" | "hg";
  readonly action: "create" | "replace" | "delete";
  /** A hash over what is there now, times excepted; absent where nothing is, or where that cannot be read. */
  readonly before?: string;
  /** The same of what will be there, or was left there; absent where nothing will be. */
  readonly after?: string;
  /** The restore in whose undo area lies what will be there; absent for what comes out of the store. */
  readonly source?: string;
  /** What it takes on the disk until it is in its place; absent where nothing is written. */
  readonly room?: { readonly files: number; readonly bytes: number };
  /** Where it stands and will stand: for people. */
  readonly from?: Standing;
  readonly to?: Standing;
};

/** A repository that stays, and stands elsewhere than the files of its work tree that go back (T41). */
export type UnitElsewhere = {
  /** Its folder. */
  readonly path: RelPath;
  readonly stands: Standing;
  /** Where it stood when the files were captured. */
  readonly captured: Standing;
};

const standing: z.ZodType<Standing> = z.object({
  branch: z.string().exactOptional(),
  commit: z.string().exactOptional(),
});

/** Steps as they are kept with a restore. */
export const unitSteps: z.ZodType<readonly UnitStep[]> = z.array(
  z.object({
    path: z.custom<RelPath>((text) => typeof text === "string" && isRelPath(text)),
    vcs: z.enum(["git", "hg"]),
    action: z.enum(["create", "replace", "delete"]),
    before: z.string().exactOptional(),
    after: z.string().exactOptional(),
    source: z.string().exactOptional(),
    room: z.object({ files: z.number(), bytes: z.number() }).exactOptional(),
    from: standing.exactOptional(),
    to: standing.exactOptional(),
  }),
);

/** The digest of a plan that has to do with repositories, too (T18). */
export function digestWithUnits(digest: string, steps: readonly UnitStep[]): string {
  if (steps.length === 0) return digest;
  const lines = steps.map((step) => JSON.stringify(lineOf(step)));
  return hash("sha256", `${[digest, ...lines].join("\n")}\n`, "hex");
}

function lineOf({ path, action, before, after, source }: UnitStep): readonly unknown[] {
  return [path, action, before ?? null, after ?? null, source ?? null];
}
