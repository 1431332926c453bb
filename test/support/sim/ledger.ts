/**
 * Every content that a user wrote anywhere, and which of them nobody gave up knowingly (S113). Contents are small and
 * unique, so they stand for themselves, as texts of one character a byte.
 */
export class Ledger {
  readonly #known = new Set<string>([""]);
  readonly #owed = new Map<string, string>();
  /** Written to a file that may have been removed by then, or was being removed: its place is the trash (S71). */
  readonly #late = new Set<string>();
  #last = 0;

  /** New content that no one wrote before. */
  token(length: number): Uint8Array {
    this.#last += 1;
    return Uint8Array.from(Buffer.from(`t${this.#last}:`.padEnd(length, "."), "latin1"));
  }

  /** Content that a program wrote bit by bit was whole at each of its saves. */
  wrote(where: string, bytes: Uint8Array, before: Uint8Array | undefined): void {
    if (before !== undefined) this.gaveUp(before);
    const text = latin(bytes);
    this.#known.add(text);
    if (text !== "") this.#owed.set(text, where);
  }

  /** The same for a program that keeps its file open, wherever that goes. */
  wroteLate(where: string, bytes: Uint8Array, before: Uint8Array): void {
    this.wrote(where, bytes, before);
    this.mayRest(bytes);
  }

  /** It may be in the trash at the end. */
  mayRest(bytes: Uint8Array): void {
    this.#late.add(latin(bytes));
  }

  /** Somebody whose tree held it removed or replaced it. */
  gaveUp(bytes: Uint8Array): void {
    this.#owed.delete(latin(bytes));
  }

  /** Whether some user wrote exactly this (P2). */
  isWhole(bytes: Uint8Array): boolean {
    return this.#known.has(latin(bytes));
  }

  /** What is owed and not where its users look for it; in the trash is only what nobody owes, or what came late (P1). */
  lost(kept: Iterable<Uint8Array>, trashed: Iterable<Uint8Array>): string[] {
    const there = new Set<string>();
    for (const bytes of kept) there.add(latin(bytes));
    for (const bytes of trashed) if (this.#late.has(latin(bytes))) there.add(latin(bytes));
    return [...this.#owed]
      .filter(([text]) => !there.has(text))
      .map(([text, where]) => `"${text.replace(/\.+$/, "")}" written at ${where}`);
  }
}

function latin(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
}
