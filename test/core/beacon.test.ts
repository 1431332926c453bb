import { expect, test } from "vitest";
import {
  beaconBytesMax,
  beaconPath,
  formatBeacon,
  generationMax,
  parseBeacon,
  type Beacon,
} from "../../src/core/beacon.ts";

const beacon: Beacon = {
  generation: 7,
  time: "2026-11-21T17:50:42Z",
  device: "desk",
  tool: "snap 0.1.0",
};

test("S116: what is written is read again", () => {
  expect(parseBeacon(formatBeacon(beacon))).toEqual(beacon);
  expect(formatBeacon(beacon)).toBe(
    '{"generation":7,"time":"2026-11-21T17:50:42Z","device":"desk","tool":"snap 0.1.0"}\n',
  );
});

test("S116: the beacon of a link is below .snap/devices", () => {
  expect(beaconPath("ab12")).toBe(".snap/devices/ab12.json");
  expect(() => beaconPath("../x\0")).toThrow("Not a path");
});

test("S107: the longest names still give a beacon that can be read", () => {
  const long = { ...beacon, device: "\u{1f40c}".repeat(4_000), tool: "\u20ac".repeat(4_000) };
  const text = formatBeacon(long);
  expect(Buffer.byteLength(text)).toBeLessThanOrEqual(beaconBytesMax);
  expect(parseBeacon(text)?.generation).toBe(7);
});

test("S116: fields of a later version are passed over", () => {
  expect(parseBeacon(JSON.stringify({ ...beacon, colour: "red" }))).toEqual(beacon);
});

test.each<[string, string]>([
  ["nothing", ""],
  ["no JSON", "{"],
  ["a list", "[]"],
  ["null", "null"],
  ["a field less", JSON.stringify({ ...beacon, device: undefined })],
  ["a negative generation", JSON.stringify({ ...beacon, generation: -1 })],
  ["a fraction", JSON.stringify({ ...beacon, generation: 1.5 })],
  ["a generation as text", JSON.stringify({ ...beacon, generation: "7" })],
  [
    "a generation that leaves no room above",
    JSON.stringify({ ...beacon, generation: generationMax + 1 }),
  ],
  ["infinity", '{"generation":1e999,"time":"2026-11-21T17:50:42Z","device":"","tool":""}'],
  ["a time that is none", JSON.stringify({ ...beacon, time: "yesterday" })],
  ["a name that is too long", JSON.stringify({ ...beacon, device: "x".repeat(256) })],
  ["too many bytes", JSON.stringify({ ...beacon, more: "x".repeat(beaconBytesMax) })],
  [
    "a prototype",
    '{"__proto__":{"generation":7,"time":"2026-11-21T17:50:42Z","device":"","tool":""}}',
  ],
])("S116: %s is no beacon", (_, text) => {
  expect(parseBeacon(text)).toBeUndefined();
});
