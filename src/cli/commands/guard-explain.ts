import { explainFindings, explanationText } from "../../app/guard-explain.ts";
import type { CheckWords } from "../../app/guard.ts";
import type { ExitCode } from "../../std/error.ts";
import type { CliContext } from "../context.ts";

/** `snap guard explain`: one finding in full sentences. */
export async function explainCommand(
  { environment, output, place }: CliContext,
  words: CheckWords & { readonly named: string },
): Promise<ExitCode> {
  const explained = await explainFindings(environment, { ...words, place });
  for (const explanation of explained) {
    const { numbers, waysOut, ...rest } = explanation;
    output.emit("explanation", {
      ...rest,
      numbers: numbers.map(({ name, measured, text }) => ({ name, ...measured, text })),
      waysOut: waysOut.map((way) => ({ ...way })),
    });
  }
  output.print(explained.map(explanationText).join("\n\n"));
  output.result("guard explain", 0, { count: explained.length });
  return 0;
}
