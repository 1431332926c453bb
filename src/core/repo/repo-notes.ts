import { z } from "zod";
import { parseOwnText } from "../document.ts";
import type { RepoChoice } from "./policy.ts";
import { isRelPath, type RelPath } from "../path/rel-path.ts";

/** Work trees whose beacons are written and read (G49). */
export const toldWorkTreesMax = 64;

/** What is remembered of one work tree that is synced without its history. */
export type WorkTreeNote = {
  readonly folder: RelPath;
  /** What was told the other devices, without the time; "" for nothing yet. */
  readonly told: string;
  /** Files came from a device that had another commit checked out, while ours was `here` (G49). */
  readonly from?: {
    readonly device: string;
    readonly head: string;
    readonly oid: string;
    readonly here: string;
  };
};

/** What is remembered of a link's repositories. */
export type RepoNotes = {
  /** What was last chosen here for repositories (G46). */
  readonly chosen: RepoChoice["repos"];
  readonly gitignore?: "exclude";
  /** What another device chose otherwise. */
  readonly policy?: RepoChoice & { readonly device: string };
  /** Day on which the policy was last asked for, `YYYY-MM-DD`. */
  readonly askedOn: string;
  /** When files last came from another device, ms since 1970. */
  readonly broughtAt?: number;
  readonly workTrees: readonly WorkTreeNote[];
};

const choice = z.enum(["refuse", "exclude"]);

const shape: z.ZodType<RepoNotes> = z.object({
  chosen: choice,
  gitignore: z.literal("exclude").exactOptional(),
  policy: z
    .object({
      repos: choice,
      gitignore: z.literal("exclude").exactOptional(),
      device: z.string(),
    })
    .exactOptional(),
  askedOn: z.string(),
  broughtAt: z.int().exactOptional(),
  workTrees: z
    .array(
      z.object({
        folder: z.string().refine(isRelPath),
        told: z.string(),
        from: z
          .object({ device: z.string(), head: z.string(), oid: z.string(), here: z.string() })
          .exactOptional(),
      }),
    )
    .max(toldWorkTreesMax),
});

/** What was last chosen here. */
export function chosenIn({ chosen, gitignore }: RepoNotes): RepoChoice {
  return gitignore === undefined ? { repos: chosen } : { repos: chosen, gitignore };
}

/** As the index keeps them. */
export function formatRepoNotes(notes: RepoNotes): string {
  return JSON.stringify(notes);
}

/** Undefined where there are none, or what is there is none of ours: then all is asked and told anew. */
export function parseRepoNotes(text: string | undefined): RepoNotes | undefined {
  return parseOwnText(text, shape);
}
