import { renderUnicodeCompact } from "uqr";

/** White modules around the code, without which a camera does not find it. */
const border = 2;

/**
 * A text as a QR code for the camera of a telephone, light on dark, half a line for each row.
 *
 * @param columns of the terminal; undefined where there is none
 * @returns undefined without a terminal, and where the code would be wider than it
 */
export function qrCode(text: string, columns: number | undefined): string | undefined {
  if (columns === undefined) return undefined;
  const code = renderUnicodeCompact(text, { ecc: "L", border });
  return code.indexOf("\n") <= columns ? code : undefined;
}
