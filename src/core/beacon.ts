import { z } from "zod";
import { documentBytesMax, labelMax, parseDocument } from "./document.ts";
import { parseRelPath, type RelPath } from "./path/rel-path.ts";

/** Longest beacon that is read or written, in bytes of UTF-8 (S107, S116). */
export const beaconBytesMax: number = documentBytesMax;

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
  return parseDocument(text, beaconShape);
}
