import { isUtf8 } from "node:buffer";

/** Stands for what is no text; names may hold it as well, so that it is repeated until it is like none of them. */
const sign = "\ufffd";

/**
 * Names for display of what is no UTF-8: every byte above ASCII as a mark and its hex digits. No two paths get the same name,
 * whatever the others are called.
 */
export class ShownNames {
  #mark: string = sign;

  /** Called with every path there is, one character a byte, before any is asked for. */
  note(path: string): void {
    if (!path.includes("\u00ef\u00bf\u00bd")) return;
    for (const [run] of path.matchAll(/(?:\u00ef\u00bf\u00bd)+/gu)) {
      if (run.length / 3 >= this.#mark.length) this.#mark = sign.repeat(run.length / 3 + 1);
    }
  }

  /** The path as text; `bytes` in base64 where the text is not the whole truth. */
  textOf(path: string): { readonly text: string; readonly bytes?: string } {
    const bytes = Buffer.from(path, "latin1");
    if (isUtf8(bytes)) return { text: bytes.toString("utf8") };
    return {
      text: path.split("/").map(this.#nameOf).join("/"),
      bytes: bytes.toString("base64"),
    };
  }

  readonly #nameOf = (name: string): string => {
    const bytes = Buffer.from(name, "latin1");
    if (isUtf8(bytes)) return bytes.toString("utf8");
    return Array.from(bytes, (byte) =>
      byte < 0x80 ? String.fromCharCode(byte) : `${this.#mark}${byte.toString(16)}`,
    ).join("");
  };
}
