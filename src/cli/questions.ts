import { SnapError } from "../std/error.ts";

/** Asks the person at the terminal; a script has none. */
export interface Questions {
  /** Whether there is anybody to ask. */
  readonly isPossible: boolean;
  /** @throws {SnapError} `interrupted` when the person leaves. */
  confirm(question: string): Promise<boolean>;
  /** @throws {SnapError} `interrupted`, or `consent-needed` where nobody can be asked. */
  ask(question: string): Promise<string>;
}

/** Questions on a terminal; the library is loaded by the first one. */
export function terminalQuestions(): Questions {
  return {
    isPossible: true,
    confirm: async (question) => {
      const { confirm } = await import("@clack/prompts");
      return orInterrupted(await confirm({ message: question, initialValue: false }));
    },
    ask: async (question) => {
      const { text } = await import("@clack/prompts");
      return orInterrupted(await text({ message: question }));
    },
  };
}

/** Nobody to ask: a script gives `--yes`, or gets the question as an error. */
export const noQuestions: Questions = {
  isPossible: false,
  confirm: () => Promise.resolve(false),
  ask: (question) =>
    Promise.reject(
      new SnapError("consent-needed", `An answer is needed, and there is no terminal: ${question}`),
    ),
};

function orInterrupted<T>(answer: T): Exclude<T, symbol> {
  if (typeof answer === "symbol")
    throw new SnapError("interrupted", "Interrupted; nothing was changed");
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the one symbol that prompts give was handled
  return answer as Exclude<T, symbol>;
}
