import type { Clock } from "../../std/time.ts";
import type { Rng } from "../../std/random.ts";
import { formSeconds } from "../limits.ts";
import type { Database } from "../store/database.ts";
import { randomText } from "../random-text.ts";
import { passwordOf } from "./account.ts";
import type { Account } from "./account.ts";
import { Attempts } from "./attempts.ts";
import { isPasswordOf } from "./password.ts";
import { isSameText } from "./secrets.ts";
import { Signer } from "./signer.ts";

/** What a gate is made of. */
export type ConsentGateParts = {
  readonly database: Database;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly bindToken?: string | undefined;
};

/** What somebody shows to consent for an account. */
export type Shown = {
  readonly account: Account;
  readonly password: string;
  readonly bindToken: string;
};

const bindTokenName = "bind token";

/**
 * What stands before a consent (V18): a form that this server made for this very request and that was not sent before,
 * the account's password, and the bind token (V76).
 */
export class ConsentGate {
  /** Whether the page has to ask for the bind token. */
  readonly asksBindToken: boolean;
  readonly #bindToken: string | undefined;
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #rng: Rng;
  readonly #signer: Signer;
  readonly #attempts: Attempts;

  constructor({ database, clock, rng, bindToken }: ConsentGateParts) {
    this.asksBindToken = bindToken !== undefined;
    this.#bindToken = bindToken;
    this.#database = database;
    this.#clock = clock;
    this.#rng = rng;
    this.#signer = new Signer(database, "consent form");
    this.#attempts = new Attempts(clock);
  }

  /** The token of a new form for the request in this query. Nothing is kept until it comes back. */
  formToken(search: string): string {
    const expires = this.#nowSeconds() + formSeconds;
    const body = `${expires}.${randomText(this.#rng, 22)}`;
    return `${body}.${this.#signer.sign(`${body}.${search}`)}`;
  }

  /** Whether the token is one of a form for this very query; it is the first and the last time that it is. */
  takeForm(token: string, search: string): boolean {
    const [expires = "", nonce = "", signature = ""] = token.split(".");
    if (!this.#signer.isSigned(`${expires}.${nonce}.${search}`, signature)) return false;
    if (Number(expires) <= this.#nowSeconds()) return false;
    return this.#database.transaction(() => {
      this.#database.run("DELETE FROM used_forms WHERE expires <= ?", this.#nowSeconds());
      const use = "INSERT OR IGNORE INTO used_forms (nonce, expires) VALUES (?, ?)";
      return this.#database.run(use, nonce, Number(expires)).changes === 1;
    });
  }

  /** Whether it is enough to consent for the account; "too-many" when nothing is looked at for the moment. */
  async admits({ account, password, bindToken }: Shown): Promise<boolean | "too-many"> {
    const expected = this.#bindToken;
    const bound = await this.#attempt(bindTokenName, expected, (wanted) =>
      Promise.resolve(isSameText(wanted, bindToken)),
    );
    if (bound !== true) return bound;
    const record = passwordOf(this.#database, account);
    return await this.#attempt(account.id, record, (kept) => isPasswordOf(kept, password));
  }

  /** Try one secret, where there is one. */
  async #attempt(
    name: string,
    secret: string | undefined,
    isRight: (secret: string) => Promise<boolean>,
  ): Promise<boolean | "too-many"> {
    if (secret === undefined) return true;
    if (!this.#attempts.take(name)) return "too-many";
    const right = await isRight(secret);
    if (right) this.#attempts.succeed(name);
    return right;
  }

  #nowSeconds(): number {
    return Math.floor(this.#clock.now() / 1000);
  }
}
