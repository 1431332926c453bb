/** What a front hands its requests to: the server, as far as a front knows it (V6). */
export interface Handler {
  /**
   * Answer one request. Its signal fires when the client is gone, and, for a waiting longpoll, when the front stops:
   * then it may still answer.
   *
   * @throws {ConnectionCut} where the connection shall end instead; {BrokenBody} when the client's body failed.
   */
  handle(request: Request): Promise<Response>;
}

/** One line about one request, for a log: nothing in it is a secret (V78). */
export type AnsweredCall = {
  readonly method: string;
  /** Without the query and what else of an address lets somebody in. */
  readonly path: string;
  /** Absent when the connection ended before an answer. */
  readonly status: number | undefined;
  /** Whether the client was sent all of the answer. */
  readonly isWhole: boolean;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly durationMs: number;
  readonly requestId: string | undefined;
};
