import { createHmac, timingSafeEqual } from "node:crypto";
import type { Rng } from "../../std/random.ts";
import type { Sight } from "../store/incarnations.ts";

/** What a listing was asked for; frozen in its cursor (V27). */
type ListingOptions = {
  readonly recursive: boolean;
  readonly includeDeleted: boolean;
  /** Asked for with `include_media_info`, which `longpoll` does not take. */
  readonly mediaInfo: boolean;
  /** Entries of a page, about. */
  readonly limit: number;
};

/** Where a listing stands. `folderId` is "" for the root of the app's view. */
export type CursorState = {
  readonly account: number;
  /** Key of the folder that is the app's root: a cursor of one view is none of another. */
  readonly view: string;
  readonly folderKey: string;
  readonly folderId: string;
  readonly options: ListingOptions;
  /** It is over when the account has another one. */
  readonly epoch: string;
  /** The nodes of the beginning are listed up to this key; undefined when they are through. */
  readonly afterKey: string | undefined;
  /** Changes up to this position of the journal are in the listing. */
  readonly position: number;
  /** What could be seen when the cursor was handed out: more than `position`, because pages show what is there now. */
  readonly sight?: Sight;
};

const formBytes = Buffer.from([0, 1]);
const signatureBytes = 32;
const randomBytes = 16;

/** 170 characters at least (V27), of which four stand for three bytes. */
const cursorBytesMin = 130;

/** Signs cursors, so that no client can make one up, and reads them back. */
export class CursorCodec<State = CursorState> {
  readonly #key: Uint8Array;
  readonly #rng: Rng;

  /** @param secretHex the server's own key, in hex. */
  constructor(secretHex: string, rng: Rng) {
    this.#key = Buffer.from(secretHex, "hex");
    this.#rng = rng;
  }

  /** Text of URL-safe base64; it differs each time. */
  encode(state: State): string {
    const json = JSON.stringify(state);
    const padded = json.padEnd(cursorBytesMin - signatureBytes - randomBytes - formBytes.length);
    const payload = Buffer.concat([this.#rng.bytes(randomBytes), Buffer.from(padded)]);
    return Buffer.concat([formBytes, this.#signature(payload), payload]).toString("base64url");
  }

  /** Undefined for anything that this server did not make. */
  decode(cursor: string): State | undefined {
    const bytes = Buffer.from(cursor, "base64url");
    const payloadStart = formBytes.length + signatureBytes;
    const payload = bytes.subarray(payloadStart);
    const signature = bytes.subarray(formBytes.length, payloadStart);
    if (signature.length !== signatureBytes) return undefined;
    if (!timingSafeEqual(signature, this.#signature(payload))) return undefined;
    const state: State = JSON.parse(payload.subarray(randomBytes).toString());
    return state;
  }

  #signature(payload: Uint8Array): Buffer {
    return createHmac("sha256", this.#key).update(payload).digest();
  }
}
