import { Signer } from "../accounts/signer.ts";
import type { Services } from "../wire/call.ts";
import { CursorCodec } from "./cursor.ts";

/** Cursors for something else than a plain listing; those of one purpose are garbage to every other. */
export function cursorsFor<State>(
  { database, rng }: Services,
  purpose: string,
): CursorCodec<State> {
  const key = Buffer.from(new Signer(database, purpose).sign("cursors")).toString("hex");
  return new CursorCodec<State>(key, rng);
}
