import { SnapError } from "../std/error.ts";

const sizeUnits: Readonly<Record<string, number>> = {
  "": 1,
  b: 1,
  k: 1024,
  m: 1024 ** 2,
  g: 1024 ** 3,
  t: 1024 ** 4,
};

/**
 * Bytes of a size as people write it: `500`, `10M`, `1.5GiB`; units are powers of 1024.
 *
 * @throws {SnapError} `usage`
 */
export function parseSize(text: string, option: string): number {
  const [, digits = "", unit = ""] = /^(\d+(?:\.\d+)?)\s*([bkmgt]?)(?:i?b)?$/i.exec(text) ?? [];
  const bytes = Number(digits) * (sizeUnits[unit.toLowerCase()] ?? Number.NaN);
  if (digits !== "" && Number.isSafeInteger(Math.round(bytes))) return Math.round(bytes);
  throw new SnapError("usage", `${option} is "${text}", which is no size`, {
    hint: "Write a number with a unit: 500M, 10G, 2T.",
  });
}

const timeUnits: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/**
 * Seconds of a time as people write it: `90s`, `15m`, `4h`, `30d`.
 *
 * @throws {SnapError} `usage`
 */
export function parseSeconds(text: string, option: string): number {
  const [, digits = "", unit = ""] = /^(\d+)([smhd])$/.exec(text) ?? [];
  const seconds = Number(digits) * (timeUnits[unit] ?? Number.NaN);
  if (Number.isSafeInteger(seconds)) return seconds;
  throw new SnapError("usage", `${option} is "${text}", which is no time`, {
    hint: "Write a whole number with a unit: 90s, 15m, 4h, 30d.",
  });
}

/**
 * A TCP port; 0 means any free one.
 *
 * @throws {SnapError} `usage`
 */
export function parsePort(text: string, option: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port <= 65_535) return port;
  throw new SnapError("usage", `${option} is "${text}", which is no port`, {
    hint: "A port is a number from 0 to 65535; 0 takes any free one.",
  });
}
