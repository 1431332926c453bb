import { createHmac } from "node:crypto";
import type { Database } from "../store/database.ts";
import { isSameText } from "./secrets.ts";

/** Signs texts that go out and come back, with a key of the database; one purpose never signs for another. */
export class Signer {
  readonly #key: Uint8Array;

  constructor(database: Database, purpose: string) {
    const secret = Buffer.from(database.secret("cursor-key"), "hex");
    this.#key = createHmac("sha256", secret).update(`purpose: ${purpose}`).digest();
  }

  /** 43 characters of URL-safe base64. */
  sign(text: string): string {
    return createHmac("sha256", this.#key).update(text).digest("base64url");
  }

  isSigned(text: string, signature: string): boolean {
    return isSameText(this.sign(text), signature);
  }
}

/** Characters of a signature. */
export const signatureLength = 43;
