/** Byte 0x80 stands there as U+DC80, and so on: a lone surrogate, which no text from UTF-8 holds. */
const surrogateBase = 0xdc00;
const loneSurrogate = /[\udc80-\udcff]/u;
const characterBytesMax = 4;

/**
 * A name, path or link target from the disk, whatever its bytes: as text, with each byte that belongs to no character of UTF-8 as a
 * lone surrogate, after PEP 383. Such a text is raw: it says exactly what is on the disk and is never shown, kept or sent.
 */
export function rawText(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length;) {
    const character = characterAt(bytes, at);
    text += character?.text ?? String.fromCharCode(surrogateBase + (bytes[at] ?? 0));
    at += character?.length ?? 1;
  }
  return text;
}

function characterAt(
  bytes: Uint8Array,
  at: number,
): { readonly text: string; readonly length: number } | undefined {
  for (let length = 1; length <= characterBytesMax && at + length <= bytes.length; length += 1) {
    const part = bytes.subarray(at, at + length);
    const text = Buffer.from(part).toString();
    if (Buffer.from(text).equals(part)) return { text, length };
  }
  return undefined;
}

/** Whether a text is the raw form of bytes that are no UTF-8. */
export function isRaw(text: string): boolean {
  return !text.isWellFormed();
}

/** The bytes that a raw text stands for; those of UTF-8 for any other. */
export function rawBytes(text: string): Buffer {
  if (!isRaw(text)) return Buffer.from(text);
  return Buffer.concat(
    Array.from(text, (character) =>
      loneSurrogate.test(character)
        ? Buffer.from([character.charCodeAt(0) - surrogateBase])
        : Buffer.from(character),
    ),
  );
}
