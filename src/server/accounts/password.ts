import { scrypt, scryptSync, timingSafeEqual } from "node:crypto";
import type { ScryptOptions } from "node:crypto";
import { assert } from "../../std/assert.ts";
import type { Rng } from "../../std/random.ts";

/** 32 MiB and some 60 ms for one attempt. */
const costs = { N: 2 ** 15, r: 8, p: 1 } as const;
const saltBytes = 16;
const hashBytes = 32;

/** What is kept of a password: how it was hashed, salt, hash. Takes the time of one attempt. */
export function passwordRecord(password: string, rng: Rng): string {
  const salt = Buffer.from(rng.bytes(saltBytes));
  const hashed = scryptSync(plain(password), salt, hashBytes, options(costs));
  const parts = ["scrypt", costs.N, costs.r, costs.p];
  return [...parts, salt.toString("base64url"), hashed.toString("base64url")].join("$");
}

/** Whether it is the password of the record, in a time that does not depend on the answer. */
export async function isPasswordOf(record: string, password: string): Promise<boolean> {
  const [method, N, r, p, salt = "", expected = ""] = record.split("$");
  assert(method === "scrypt", "a password record is of scrypt");
  const chosen = options({ N: Number(N), r: Number(r), p: Number(p) });
  const wanted = Buffer.from(expected, "base64url");
  const hashed = await new Promise<Buffer>((resolve, reject) => {
    scrypt(plain(password), Buffer.from(salt, "base64url"), wanted.length, chosen, (error, key) =>
      error === null ? resolve(key) : reject(error),
    );
  });
  return timingSafeEqual(hashed, wanted);
}

/** Keyboards differ in how they put letters together. */
function plain(password: string): string {
  return password.normalize("NFC");
}

function options({ N, r, p }: { N: number; r: number; p: number }): ScryptOptions {
  return { N, r, p, maxmem: 256 * N * r };
}
