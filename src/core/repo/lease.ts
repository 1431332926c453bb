import { z } from "zod";
import { labelMax, parseDocument, parseOwnText } from "../document.ts";
import { joinPath, type RelPath } from "../path/rel-path.ts";
import { headFolder } from "./head-beacon.ts";

/** A lease that nobody renewed for so long, as we saw it, is taken over, ms: its device is gone (G45). */
export const leaseSilenceMs: number = 15 * 60_000;

/** How often a device that writes for long says so, ms. */
export const leaseRenewMs: number = 5 * 60_000;

/** Who writes a repository that several devices sync by override, or wrote it last (G45). */
export type Lease = {
  /** Id of the link that writes: a device may have two of the same linked folder. */
  readonly link: string;
  /** The name of its device, as its owner gave it; untrusted text. */
  readonly name: string;
  readonly state: "writing" | "free";
  /** ISO 8601, whole seconds, UTC; to be read by people: clocks differ. */
  readonly time: string;
};

const shape: z.ZodType<Lease> = z.object({
  link: z.string().max(labelMax),
  name: z.string().max(labelMax),
  state: z.enum(["writing", "free"]),
  time: z.iso.datetime({ precision: 0 }),
});

/** Where the lease of a gitdir is, below the linked folder. */
export function leasePath(gitdir: RelPath): RelPath {
  return joinPath(headFolder(gitdir), "lease");
}

/** The lease as it is written. A name that is too long is cut. */
export function formatLease({ link, name, state, time }: Lease): string {
  return `${JSON.stringify({ link, name: name.slice(0, labelMax), state, time })}\n`;
}

/** Undefined for whatever `formatLease` does not make. */
export function parseLease(text: string): Lease | undefined {
  return parseDocument(text, shape);
}

/** When a revision of somebody else's lease was first seen, by our clock. */
export type SeenLease = { readonly rev: string; readonly since: number };

const seenShape = z.record(z.string(), z.object({ rev: z.string(), since: z.int() }));

/** As the index keeps what was seen, by the path of the lease. */
export function formatSeenLeases(seen: ReadonlyMap<string, SeenLease>): string {
  return JSON.stringify(Object.fromEntries(seen));
}

/** None where there are none, or what is there is none of ours: then the silence begins anew. */
export function parseSeenLeases(text: string | undefined): ReadonlyMap<string, SeenLease> {
  return new Map(Object.entries(parseOwnText(text, seenShape) ?? {}));
}

/** Another device that writes a repository just now. */
export type LeaseHolder = {
  /** Untrusted text. */
  readonly name: string;
  /** When its lease ends unless it is renewed, ms since 1970. */
  readonly endsAt: number;
};

/** One device at a time writes a repository that is synced by override (G45). */
export interface RepositoryLeases {
  /**
   * Take the right to write a gitdir, or keep it; cheap while it is held.
   *
   * @returns undefined where it is ours, else who has it
   * @throws {SnapError} what asking the server throws: without an answer nothing is written
   */
  take(gitdir: RelPath): Promise<LeaseHolder | undefined>;
  /** Let the others go on. Never rejects: what cannot be given back ends by itself. */
  release(): Promise<void>;
}
