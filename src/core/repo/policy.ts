import { z } from "zod";
import { labelMax, parseDocument } from "../document.ts";
import { parseRelPath, type RelPath } from "../path/rel-path.ts";

/** What is done with the repositories of a link. */
export type RepoChoice = {
  readonly repos: "refuse" | "exclude";
  /** What Git ignores stays out, where work trees are synced (G50). */
  readonly gitignore?: "exclude";
};

/** Whether two choices have the same effect: what Git ignores matters where work trees are synced only. */
export function isSameChoice(a: RepoChoice, b: RepoChoice): boolean {
  return a.repos === b.repos && (a.repos === "refuse" || a.gitignore === b.gitignore);
}

/** A choice alone. */
export function choiceOf({ repos, gitignore }: RepoChoice): RepoChoice {
  return gitignore === undefined ? { repos } : { repos, gitignore };
}

/** A choice as the options of `snap link` say it. */
export function choiceText(choice: RepoChoice): string {
  const hasRules = choice.repos === "exclude" && choice.gitignore !== undefined;
  return `${choice.repos}${hasRules ? " --gitignore" : ""}`;
}

/** What the devices of a linked folder agreed on for repositories (G46). */
export type RepoPolicy = RepoChoice & {
  /** ISO 8601, whole seconds, UTC. */
  readonly time: string;
  /** Name of the device that chose it; untrusted text. */
  readonly device: string;
};

const policyShape = z.object({
  repos: z.enum(["refuse", "exclude"]),
  gitignore: z.literal("exclude").exactOptional(),
  time: z.iso.datetime({ precision: 0 }),
  device: z.string().max(labelMax),
});

/** Where the policy is, below the linked folder. */
export const policyPath: RelPath = parseRelPath(".snap/git/policy.json");

/** The policy as it is written. A name that is too long is cut. */
export function formatPolicy({ time, device, ...choice }: RepoPolicy): string {
  return `${JSON.stringify({ ...choiceOf(choice), time, device: device.slice(0, labelMax) })}\n`;
}

/** Undefined for whatever `formatPolicy` does not make; fields that a later version adds are passed over. */
export function parsePolicy(text: string): RepoPolicy | undefined {
  return parseDocument(text, policyShape);
}
