import { takeLock } from "../../src/state/process-lock.ts";
import { isSnapError } from "../../src/std/error.ts";

/** Run as a process of its own: takes the lock named on the command line and keeps it, or says why it cannot. */
try {
  const lock = takeLock(process.argv[2] ?? "", { what: "the child" });
  process.send?.("held");
  // The channel to the parent keeps the process alive; the reference keeps the lock.
  process.on("message", () => lock[Symbol.dispose]());
} catch (error) {
  if (!isSnapError(error)) throw error;
  process.send?.(error.code);
}
