/**
 * Crash on our own mistake. For anything that a user, a server or a disk can cause, throw a `SnapError`.
 *
 * @throws {Error} when the condition does not hold; the text says what must hold.
 */
export function assert(condition: unknown, mustHold: string): asserts condition {
  if (!condition) throw new Error(`Assertion failed: ${mustHold}`);
}

/** The value, where the program's own logic says that there is one. */
export function present<T>(value: T | undefined | null, what: string): T {
  assert(value !== undefined && value !== null, `${what} is present`);
  return value;
}
