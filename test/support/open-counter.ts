import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";

/** Sees every file below a folder that this process opens by itself; programs that it runs are not seen. */
export class OpenCounter implements Disposable {
  readonly opened: string[] = [];
  readonly #restore: () => void;

  constructor(top: string) {
    const { openSync, readFileSync: readAllSync, promises } = fs;
    const { open, readFile } = promises;
    const note = (path: unknown): void => {
      if (String(path).startsWith(top)) this.opened.push(String(path));
    };
    const noted =
      <Args extends readonly unknown[], Result>(call: (...args: Args) => Result) =>
      (...args: Args): Result => {
        note(args[0]);
        return call(...args);
      };
    Object.assign(fs, { openSync: noted(openSync), readFileSync: noted(readAllSync) });
    Object.assign(promises, { open: noted(open), readFile: noted(readFile) });
    syncBuiltinESMExports();
    this.#restore = () => {
      Object.assign(fs, { openSync, readFileSync: readAllSync });
      Object.assign(promises, { open, readFile });
      syncBuiltinESMExports();
    };
  }

  [Symbol.dispose](): void {
    this.#restore();
  }
}
