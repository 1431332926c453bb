/** Units of a SIZE: powers of 1024. */
const sizeUnits: Readonly<Record<string, number>> = {
  "": 1,
  b: 1,
  k: 1024,
  m: 1024 ** 2,
  g: 1024 ** 3,
  t: 1024 ** 4,
};

/** Bytes of a size as people write it: `500`, `10M`, `1.5GiB`; undefined for what is no size. */
export function bytesOfSize(text: string): number | undefined {
  const [, digits = "", unit = ""] = /^(\d+(?:\.\d+)?)\s*([bkmgt]?)(?:i?b)?$/iu.exec(text) ?? [];
  const bytes = Math.round(Number(digits) * (sizeUnits[unit.toLowerCase()] ?? Number.NaN));
  return digits !== "" && Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** The other way, in the largest unit that leaves a whole number: 2097152 is `2MiB`. */
export function textOfSize(sizeBytes: number): string {
  const units = ["GiB", "MiB", "KiB"] as const;
  for (const [place, unit] of units.entries()) {
    const factor = 1024 ** (units.length - place);
    if (sizeBytes >= factor && sizeBytes % factor === 0) return `${sizeBytes / factor}${unit}`;
  }
  return `${sizeBytes}B`;
}

/** Units of a TIME in ms, the largest first; a number without one is in ms. */
const timeUnits: readonly (readonly [string, number])[] = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1_000],
  ["ms", 1],
];

/** Milliseconds of a time as people write it: `90s`, `15m`, `4h`, `30d`, `250ms`, `250`; undefined for what is no time. */
export function msOfTime(text: string): number | undefined {
  const [, digits = "", unit = "ms"] = /^(\d+)(ms|[smhd])?$/u.exec(text) ?? [];
  const [, factor = Number.NaN] = timeUnits.find(([name]) => name === unit) ?? [];
  const time = Number(digits) * factor;
  return digits !== "" && Number.isSafeInteger(time) ? time : undefined;
}

/** The other way, in the largest unit that leaves a whole number: `60s` is `1m`. */
export function textOfTime(timeMs: number): string {
  const [unit, factor] = timeUnits.find(([, each]) => timeMs >= each && timeMs % each === 0) ?? [
    "ms",
    1,
  ];
  return `${timeMs / factor}${unit}`;
}
