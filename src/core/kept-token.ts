import { z } from "zod";
import { parseOwnText } from "./document.ts";

/** An access token as it lies on the disk. */
export type KeptAccessToken = {
  readonly accessToken: string;
  /** When it ends, ms since 1970, by the clock of this computer. */
  readonly expiresAt: number;
  /** When to get another one. */
  readonly renewAt: number;
  /** A digest of the refresh token that it was made with. */
  readonly login: string;
};

const shape: z.ZodType<KeptAccessToken> = z.object({
  accessToken: z.string().min(1),
  expiresAt: z.number(),
  renewAt: z.number(),
  login: z.string(),
});

/** Undefined where the text is none of ours. */
export function parseKeptToken(text: string | undefined): KeptAccessToken | undefined {
  return parseOwnText(text, shape);
}

/** As `parseKeptToken` reads it. */
export function formatKeptToken(token: KeptAccessToken): string {
  return JSON.stringify(token);
}
