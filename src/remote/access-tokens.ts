import type { Clock } from "../std/time.ts";
import { refresh, type AccessToken, type RemoteAuth } from "./oauth.ts";
import type { Fetch } from "./transport.ts";

/**
 * The access token of one login; however many calls need one, one request renews it, and none where an earlier run kept one that is
 * good. Our clock only says when to renew early: where it is wrong, or jumps, the server refuses the token, and that renews it, too (once
 * for a call).
 */
export class AccessTokens {
  readonly #auth: RemoteAuth;
  readonly #parts: { readonly fetch: Fetch | undefined; readonly clock: Clock };
  #token: AccessToken | undefined;
  #asking: Promise<AccessToken> | undefined;

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
    return this.#isGood(token) ? token.accessToken : this.#one(() => this.#find());
  }

  /** Another token than one that was refused; a call that comes late gets the one that is there already. */
  async replace(refused: string): Promise<string> {
    const token = this.#token;
    const replaced = token !== undefined && token.accessToken !== refused;
    return replaced ? token.accessToken : this.#one(() => this.#renew());
  }

  #isGood(token: AccessToken | undefined): token is AccessToken {
    return token !== undefined && token.renewAt > this.#parts.clock.now();
  }

  /** However many ask meanwhile. */
  async #one(ask: () => Promise<AccessToken>): Promise<string> {
    this.#asking ??= ask();
    try {
      this.#token = await this.#asking;
      return this.#token.accessToken;
    } finally {
      this.#asking = undefined;
    }
  }

  /** Only the first token of a run may be one of an earlier run. */
  async #find(): Promise<AccessToken> {
    const kept = this.#token === undefined ? await this.#auth.kept?.read() : undefined;
    return this.#isGood(kept) ? kept : await this.#renew();
  }

  async #renew(): Promise<AccessToken> {
    const token = await refresh({ ...this.#auth, ...this.#parts });
    await this.#auth.kept?.write(token);
    return token;
  }
}
