import { z } from "zod";
import { parseRelPath, type RelPath } from "./path/rel-path.ts";

/** Longest beacon that is read or written, in bytes of UTF-8 (S107, S116). */
export const beaconBytesMax = 4_096;

/**
 * Generations beyond it are no count of cycles. Far below the largest safe integer, so that one can always be put on
 * top of what a beacon claims (S119).
 */
export const generationMax: number = 2 ** 48;

/** What a device says of itself in the linked folder: how far its link has come (S116). */
export type Beacon = {
  readonly generation: number;
  /** ISO 8601, whole seconds, UTC. */
  readonly time: string;
  /** Name of the device, as its owner gave it; untrusted text. */
  readonly device: string;
  /** Name and version of the program that wrote it; untrusted text. */
  readonly tool: string;
};

const labelMax = 255;

const beaconShape = z.object({
  generation: z.int().min(0).max(generationMax),
  time: z.iso.datetime({ precision: 0 }),
  device: z.string().max(labelMax),
  tool: z.string().max(labelMax),
});

/** Where the beacon of a link is, below the linked folder. @throws {SnapError} `path-invalid` */
export function beaconPath(link: string): RelPath {
  return parseRelPath(`.snap/devices/${link}.json`);
}

/** The beacon as it is written. A name that is too long is cut. */
export function formatBeacon({ generation, time, device, tool }: Beacon): string {
  const labels = { device: device.slice(0, labelMax), tool: tool.slice(0, labelMax) };
  return `${JSON.stringify({ generation, time, ...labels })}\n`;
}

/**
 * Read a beacon. Others can write to the linked folder, so anything may be there: undefined unless every field is as
 * `formatBeacon` makes it. Fields that a later version adds are passed over.
 */
export function parseBeacon(text: string): Beacon | undefined {
  if (Buffer.byteLength(text) > beaconBytesMax) return undefined;
  const parsed = beaconShape.safeParse(parseJson(text));
  return parsed.success ? parsed.data : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Text that is no JSON is no beacon, which is the whole answer.
    return undefined;
  }
}
