import { hash } from "node:crypto";
import { formatKeptToken, parseKeptToken } from "../core/kept-token.ts";
import type { KeptToken } from "../remote/oauth.ts";
import { isSnapError } from "../std/error.ts";
import type { Environment } from "./environment.ts";

/** The login that an access token is of. */
type Login = { readonly id: string; readonly refreshToken: string };

/**
 * The access token of a login between runs, beside the refresh token and as safe as that (X14): a run of some moments spares the way to
 * Dropbox that another one would cost. One of an earlier login of the account is none: that may have been allowed less.
 */
export function keptToken(
  { secrets, logger }: Pick<Environment, "secrets" | "logger">,
  { id, refreshToken }: Login,
): KeptToken {
  const login = hash("sha256", refreshToken);
  return {
    read: async () => {
      const kept = parseKeptToken(await secrets.read(nameOf(id)));
      return kept?.login === login ? kept : undefined;
    },
    write: async (token) => {
      try {
        // A process that goes on after a logout leaves nothing behind.
        if ((await secrets.read(id)) !== refreshToken) return;
        await secrets.write(nameOf(id), formatKeptToken({ ...token, login }));
      } catch (error) {
        if (!isSnapError(error)) throw error;
        logger.info("the access token is not kept", { code: error.code });
      }
    },
  };
}

/** Forget both tokens of an account. @throws {SnapError} as `SecretStore` */
export async function forgetTokens(
  { secrets }: Pick<Environment, "secrets">,
  id: string,
): Promise<void> {
  await secrets.remove(nameOf(id));
  await secrets.remove(id);
}

/** No account has such an id. */
function nameOf(id: string): string {
  return `access ${id}`;
}
