/**
 * The connection of this call ends here, as a fault wants it (V72): thrown instead of an answer, or put as the error
 * of the answer's body. What the body has sent before stays sent. In a process without sockets it is the call's error.
 */
export class ConnectionCut extends Error {
  /** An orderly end of the connection, or a TCP reset; a Unix socket knows the first only. */
  readonly how: "close" | "reset";

  constructor(how: "close" | "reset") {
    super(how === "reset" ? "The connection is reset" : "The connection is closed");
    this.how = how;
  }
}

/** How many errors may be wrapped around the cut. */
const causesMax = 8;

/** The cut behind an error, however the parts on the way have wrapped it. */
export function cutBehind(error: unknown): ConnectionCut | undefined {
  let current = error;
  for (let depth = 0; depth < causesMax && current instanceof Error; depth += 1) {
    if (current instanceof ConnectionCut) return current;
    current = current.cause;
  }
  return undefined;
}
