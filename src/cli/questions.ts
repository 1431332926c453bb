import { createInterface } from "node:readline/promises";
import { SnapError } from "../std/error.ts";

/** Asks the person at the terminal; a script has none. */
export interface Questions {
  /** Whether there is anybody to ask. */
  readonly isPossible: boolean;
  /** @throws {SnapError} `interrupted` when the person leaves. */
  confirm(question: string): Promise<boolean>;
  /**
   * The signal takes the question back, where the answer came another way.
   *
   * @throws {SnapError} `interrupted`, or `consent-needed` where nobody can be asked.
   */
  ask(question: string, withdrawn?: AbortSignal): Promise<string>;
  /** As `ask`, for what is not shown on the screen. */
  secret(question: string): Promise<string>;
}

/** Questions on a terminal; the library is loaded by the first one. The signal takes a question back. */
export function terminalQuestions(signal: AbortSignal): Questions {
  return {
    isPossible: true,
    confirm: async (message) => {
      const { confirm } = await import("@clack/prompts");
      return orInterrupted(await confirm({ message, initialValue: false, signal }));
    },
    ask: async (message, withdrawn) => {
      const { text } = await import("@clack/prompts");
      const ends = withdrawn === undefined ? signal : AbortSignal.any([signal, withdrawn]);
      return orInterrupted(await text({ message, signal: ends }));
    },
    secret: async (message) => {
      const { password } = await import("@clack/prompts");
      return orInterrupted(await password({ message, signal }));
    },
  };
}

/** A script agrees with `--yes`; a text it can give as a line of its input. */
export function scriptQuestions(input: NodeJS.ReadableStream): Questions {
  const ask = async (question: string, withdrawn?: AbortSignal): Promise<string> => {
    const lines = createInterface({ input, ...(withdrawn !== undefined && { signal: withdrawn }) });
    for await (const line of lines) return line;
    throw new SnapError("consent-needed", `An answer is needed: ${question}`, {
      hint: "Run it in a terminal, or give the answer as a line of its standard input.",
    });
  };
  return {
    isPossible: false,
    confirm: () => Promise.resolve(false),
    ask,
    secret: (question) => ask(question),
  };
}

function orInterrupted<T>(answer: T): Exclude<T, symbol> {
  if (typeof answer === "symbol")
    throw new SnapError("interrupted", "Interrupted; nothing was changed");
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the one symbol that prompts give was handled
  return answer as Exclude<T, symbol>;
}
