import type { Clock } from "../std/time.ts";
import { refresh, type AccessToken, type RemoteAuth } from "./oauth.ts";
import type { Fetch } from "./transport.ts";

/**
 * The access token of one login, in memory only; however many calls need one, one request renews it. Our clock only says when
 * to renew early: where it is wrong, or jumps, the server refuses the token, and that renews it, too (once for a call).
 */
export class AccessTokens {
  readonly #auth: RemoteAuth;
  readonly #parts: { readonly fetch: Fetch | undefined; readonly clock: Clock };
  #token: AccessToken | undefined;
  #renewing: Promise<AccessToken> | undefined;

  constructor(
    auth: RemoteAuth,
    parts: { readonly fetch: Fetch | undefined; readonly clock: Clock },
  ) {
    this.#auth = auth;
    this.#parts = parts;
  }

  /** A token that is good for some minutes. @throws {SnapError} as `refresh` */
  async current(): Promise<string> {
    const token = this.#token;
    const isGood = token !== undefined && token.renewAt > this.#parts.clock.now();
    return isGood ? token.accessToken : this.#renew();
  }

  /** Another token than one that was refused; a call that comes late gets the one that is there already. */
  async replace(refused: string): Promise<string> {
    const token = this.#token;
    const replaced = token !== undefined && token.accessToken !== refused;
    return replaced ? token.accessToken : this.#renew();
  }

  async #renew(): Promise<string> {
    this.#renewing ??= refresh({ ...this.#auth, ...this.#parts });
    try {
      this.#token = await this.#renewing;
      return this.#token.accessToken;
    } finally {
      this.#renewing = undefined;
    }
  }
}
