import { SnapError, isErrorCode } from "../std/error.ts";

/** What a worker tells the process that watches over it. */
export type WorkerMessage =
  | { readonly type: "ready" }
  /** It is not stuck. */
  | { readonly type: "beat" }
  /** It ends because it was asked to: it is not started again. */
  | { readonly type: "stopping" }
  | { readonly type: "failed"; readonly error: ToldError };

/** The one thing that it is told. */
export type SupervisorMessage = { readonly type: "stop" };

/** An error on its way to another process. */
export type ToldError = {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
  readonly path?: string;
};

/** For the way. */
export function toldError({ code, message, hint, path }: SnapError): ToldError {
  return {
    code,
    message,
    ...(hint !== undefined && { hint }),
    ...(path !== undefined && { path }),
  };
}

/** And back. */
export function thrownError({ code, message, ...facts }: ToldError): SnapError {
  return new SnapError(isErrorCode(code) ? code : "unexpected", message, facts);
}

/** The worker's end of the link to its supervisor. */
export interface SupervisorLink extends Disposable {
  readonly pid: number | undefined;
  tell(message: WorkerMessage): void;
  /** Fires when the supervisor asks for the end, or is gone itself. */
  readonly stop: AbortSignal;
}

/** The link of this process; one without a supervisor tells nobody anything. */
export function supervisorLink(): SupervisorLink {
  const stop = new AbortController();
  if (process.send === undefined) {
    return { pid: undefined, tell: () => {}, stop: stop.signal, [Symbol.dispose]: () => {} };
  }
  process.on("message", (message: SupervisorMessage) => {
    if (message.type === "stop") stop.abort();
  });
  process.on("disconnect", () => stop.abort());
  return {
    pid: process.ppid,
    stop: stop.signal,
    tell: (message) => {
      // Nobody is left to hear it where this fails, and `stop` fires.
      if (process.connected) process.send?.(message, undefined, undefined, () => {});
    },
    [Symbol.dispose]: () => {
      process.removeAllListeners("message");
      if (process.connected) process.disconnect();
    },
  };
}
