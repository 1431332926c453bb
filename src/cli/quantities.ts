import { bytesOfSize, msOfTime } from "../core/quantity.ts";
import { SnapError } from "../std/error.ts";

/**
 * Bytes of a size as people write it: `500`, `10M`, `1.5GiB`; units are powers of 1024.
 *
 * @throws {SnapError} `usage`
 */
export function parseSize(text: string, option: string): number {
  const bytes = bytesOfSize(text);
  if (bytes !== undefined) return bytes;
  throw new SnapError("usage", `${option} is "${text}", which is no size`, {
    hint: "Write a number with a unit: 500M, 10G, 2T.",
  });
}

/**
 * Whole seconds of a time as people write it: `90s`, `15m`, `4h`, `30d`.
 *
 * @throws {SnapError} `usage`
 */
export function parseSeconds(text: string, option: string): number {
  const time = msOfTime(text);
  if (time !== undefined && time % 1_000 === 0) return time / 1_000;
  throw new SnapError("usage", `${option} is "${text}", which is no time`, {
    hint: "Write a whole number with a unit: 90s, 15m, 4h, 30d.",
  });
}

/**
 * Milliseconds of a time as people write it.
 *
 * @throws {SnapError} `usage`
 */
export function parseMs(text: string, option: string): number {
  const time = msOfTime(text);
  if (time !== undefined) return time;
  throw new SnapError("usage", `${option} is "${text}", which is no time`, {
    hint: "Write a whole number with a unit: 90s, 15m, 4h, 30d.",
  });
}

/**
 * A whole number from 0.
 *
 * @throws {SnapError} `usage`
 */
export function parseCount(text: string, option: string): number {
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new SnapError("usage", `${option} is "${text}", which is no number`, {
    hint: "Write a whole number: 0, 7, 24.",
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
