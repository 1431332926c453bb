import type { Damage, DamageCode, Extent, HintCode } from "../core/repo/finding.ts";

/** A sign of damage, and the commits that it still knows of. */
export type Evidence = Damage & {
  /** Object ids that may be the last trace of lost work (G42). */
  readonly oids?: readonly string[];
};

/** What one part of the check saw, and how far it got. */
export type Examined = { readonly evidence: readonly Evidence[]; readonly extent: Extent };

/** Everything was looked at. */
export const wholly: Extent = { checked: "all" };

/** What a sign says, without its tier. */
type Said = { readonly path: string; readonly detail: string; readonly oids?: readonly string[] };

/** A sign that something is lost or broken (G40). `path` is below the gitdir. */
export function damage(tier: 1 | 2 | 3, code: DamageCode, said: Said): Evidence {
  return { severity: "damage", code, tier, ...said };
}

/** A sign that is no damage by itself (G41). */
export function hint(code: HintCode, said: Said): Evidence {
  return { severity: "hint", code, tier: 1, ...said };
}

/** So many signs of one code are listed; the last one tells how many there are more. */
const listedMax = 50;

/** The signs that a report lists: what can be rescued first (G42), then what is lost, then hints. */
export function listed(evidence: readonly Evidence[]): Evidence[] {
  const byCode = Map.groupBy(evidence, ({ code }) => code);
  return [...byCode.values()].flatMap(shortened).toSorted((a, b) => rank(a) - rank(b));
}

function rank({ rescuableOid, severity }: Evidence): number {
  if (rescuableOid !== undefined) return 0;
  return severity === "damage" ? 1 : 2;
}

function shortened(same: readonly Evidence[]): readonly Evidence[] {
  const kept = same.toSorted((a, b) => rank(a) - rank(b)).slice(0, listedMax);
  const more = same.length - kept.length;
  const last = kept.at(-1);
  if (more === 0 || last === undefined) return kept;
  return [...kept.slice(0, -1), { ...last, detail: `${last.detail} (and ${more} more)` }];
}

/** The evidence as a report has it. */
export function plain(evidence: Evidence): Damage {
  const { oids: _, ...rest } = evidence;
  return rest;
}
