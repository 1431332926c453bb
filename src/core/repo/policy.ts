import { z } from "zod";
import { labelMax, parseDocument } from "../document.ts";
import { parseRelPath, type RelPath } from "../path/rel-path.ts";

/** What the devices of a linked folder agreed on for repositories (G46). */
export type RepoPolicy = {
  readonly repos: "refuse" | "exclude";
  /** ISO 8601, whole seconds, UTC. */
  readonly time: string;
  /** Name of the device that chose it; untrusted text. */
  readonly device: string;
};

const policyShape = z.object({
  repos: z.enum(["refuse", "exclude"]),
  time: z.iso.datetime({ precision: 0 }),
  device: z.string().max(labelMax),
});

/** Where the policy is, below the linked folder. */
export const policyPath: RelPath = parseRelPath(".snap/git/policy.json");

/** The policy as it is written. A name that is too long is cut. */
export function formatPolicy({ repos, time, device }: RepoPolicy): string {
  return `${JSON.stringify({ repos, time, device: device.slice(0, labelMax) })}\n`;
}

/** Undefined for whatever `formatPolicy` does not make; fields that a later version adds are passed over. */
export function parsePolicy(text: string): RepoPolicy | undefined {
  return parseDocument(text, policyShape);
}
