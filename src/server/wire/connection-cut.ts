/**
 * The connection ends here, without an answer or in the middle of one.
 *
 * "close" ends it as a server that dies does, "reset" by a TCP reset. Thrown by a handler, or the error of a body.
 */
export class ConnectionCut extends Error {
  readonly how: "close" | "reset";

  constructor(how: "close" | "reset") {
    super(`The connection is cut (${how})`);
    this.how = how;
  }
}
