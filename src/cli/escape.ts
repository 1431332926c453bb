import { displayName } from "../core/path/names.ts";
import type { Json } from "../std/json.ts";

/** One event for programs, as a line. */
export function eventLine(type: string, fields: Readonly<Record<string, Json>>): string {
  return `${asciiControls(JSON.stringify({ v: 1, type, ...fields }))}\n`;
}

/** Line separators and C1 controls are legal in JSON text, but not safe in a terminal or a line reader (X16). */
function asciiControls(json: string): string {
  return json.replaceAll(
    /[\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Names inside a text may hold control characters (X16); line feeds are ours: who names something escapes those. */
export function escapeText(text: string): string {
  return text.split("\n").map(displayName).join("\n");
}
