import { isSnapError } from "../../../src/std/error.ts";
import { failed } from "./memory-cloud.ts";

/** What may go wrong with one request (S112). */
export type WireFault =
  | "request lost"
  | "answer lost"
  | "429"
  | "429 after"
  | "server error"
  | "too many writes"
  | "revoked"
  | "cut body"
  | "wrong byte"
  | "long body";

/** What the server answers instead of doing it. @throws {SnapError} */
export function refuseBefore(fault: WireFault | undefined): void {
  switch (fault) {
    case "request lost":
      throw failed("offline", fault);
    case "429":
    case "too many writes":
      throw failed("throttled", fault);
    case "429 after":
      throw failed("throttled", fault, 20);
    case "server error":
      throw failed("server-error", fault);
    case "revoked":
      throw failed("login-revoked", fault);
    case undefined:
    case "answer lost":
    case "cut body":
    case "wrong byte":
    case "long body":
  }
}

/** A body with one wrong byte, where that is the fault. */
export function damaged(bytes: Uint8Array, fault: WireFault | undefined): Uint8Array {
  if (fault !== "wrong byte") return bytes;
  const copy = Uint8Array.from(bytes);
  copy[0] = (copy[0] ?? 0) ^ 1;
  return copy;
}

/** For `catch`: what is not there is undefined. */
export function noneIfMissing(error: unknown): undefined {
  if (!isSnapError(error, "not-found")) throw error;
  return undefined;
}

/** What an upload fails with whose file is not as it was. */
export function changed(): Error {
  return failed("volatile", "the file changes while it is sent");
}
