import type { Check, CheckId, Readiness } from "../core/snapshot/readiness.ts";
import { isSnapError, type SnapError } from "../std/error.ts";

/** What a check that ended well has looked at. */
export type Looked = { readonly checked: number; readonly bytes?: number };

/** Runs checks and keeps how they ended. */
export class Checks {
  readonly #ended: Check[] = [];
  readonly #onCheck: (check: Check) => void;

  constructor(onCheck: (check: Check) => void) {
    this.#onCheck = onCheck;
  }

  get all(): readonly Check[] {
    return this.#ended;
  }

  add(check: Check): void {
    this.#ended.push(check);
    this.#onCheck(check);
  }

  /** Whether it ended well. @throws what is no finding: a wrong word, an interruption, a mistake of ours */
  async run(id: CheckId, check: () => void | Promise<void | Looked>): Promise<boolean> {
    try {
      this.add({ id, ok: true, checked: 1, ...(await check()) });
      return true;
    } catch (error) {
      if (!isSnapError(error) || error.exit === 2 || error.exit === 130) throw error;
      this.fail(id, error);
      return false;
    }
  }

  fail(id: CheckId, error: SnapError): void {
    const { exit, message, hint } = error;
    const reason = hint === undefined ? message : `${message}. ${hint}`;
    this.add({ id, ok: false, checked: 1, exit, reason });
  }

  /** What would be left aside, although all else is well (T34). */
  names(left: Readiness["left"]): void {
    const checked = left.length;
    this.add(
      checked === 0
        ? { id: "names", ok: true, checked }
        : { id: "names", ok: false, checked, exit: 4, reason: "Some paths would be left aside" },
    );
  }
}
