import type { AnsweredCall } from "../../server/front/handler.ts";
import type { Output } from "../output.ts";

/** One line a request with `--verbose`, as text or as `request` events; no line holds a token (V78). */
export function requestLog(output: Output): { readonly onAnswered?: (call: AnsweredCall) => void } {
  if (!output.isVerbose) return {};
  return {
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
