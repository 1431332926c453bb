import { z } from "zod";

/** Longest document of ours in the linked folder that is read or written, in bytes of UTF-8 (S107, S116). */
export const documentBytesMax = 4_096;

/** Longest name or label in a document, in UTF-16 units; longer ones are cut. */
export const labelMax = 255;

/**
 * Read a document. Others can write to the linked folder, so anything may be there: undefined unless every field is as the
 * shape says.
 */
export function parseDocument<T>(text: string, shape: z.ZodType<T>): T | undefined {
  if (Buffer.byteLength(text) > documentBytesMax) return undefined;
  const parsed = shape.safeParse(parseJson(text));
  return parsed.success ? parsed.data : undefined;
}

/** The same for a text that only we write, in the index, of any length; none is undefined as well. */
export function parseOwnText<T>(text: string | undefined, shape: z.ZodType<T>): T | undefined {
  if (text === undefined) return undefined;
  const parsed = shape.safeParse(parseJson(text));
  return parsed.success ? parsed.data : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Text that is no JSON is no document, which is the whole answer.
    return undefined;
  }
}
