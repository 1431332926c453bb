import type { AnsweredCall } from "../../server/front/handler.ts";
import { describeError } from "../../std/error.ts";
import type { Output } from "../output.ts";

/** What a running server tells besides its answers. */
export type ServerLog = {
  readonly onAnswered?: (call: AnsweredCall) => void;
  readonly onTrouble: (error: unknown) => void;
};

/**
 * Trouble that no caller hears of is a warning; with `--verbose` there is one line a request, as text or as `request`
 * event, without any token (V78).
 */
export function requestLog(output: Output): ServerLog {
  const onTrouble = (error: unknown): void => output.warn(describeError(error));
  if (!output.isVerbose) return { onTrouble };
  return {
    onTrouble,
    onAnswered: (call) => {
      const { method, path, status, bytesIn, bytesOut, durationMs, requestId } = call;
      const ms = Math.round(durationMs);
      output.emit("request", { method, path, status, bytesIn, bytesOut, ms, requestId });
      output.note(
        `${status ?? "cut"} ${method} ${path}  in ${bytesIn}  out ${bytesOut}  ${ms} ms  ${requestId ?? ""}`,
      );
    },
  };
}
