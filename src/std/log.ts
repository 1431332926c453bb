/** Where the program's own log goes; facts are plain data, never file content and never a secret (X15). */
export interface Logger {
  error(message: string, facts?: LogFacts): void;
  info(message: string, facts?: LogFacts): void;
  debug(message: string, facts?: LogFacts): void;
}

/** Plain data beside a message. */
export type LogFacts = Readonly<Record<string, string | number | boolean | undefined>>;

/** Keeps nothing. */
export const silentLogger: Logger = { error: () => {}, info: () => {}, debug: () => {} };
