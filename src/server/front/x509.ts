import { createPrivateKey, webcrypto } from "node:crypto";
import type * as X509 from "@peculiar/x509";

/** The certificate library: slow to load, so only where TLS is used. It needs its polyfill before it. */
export async function loadX509(): Promise<typeof X509> {
  await import("reflect-metadata");
  return await import("@peculiar/x509");
}

const curve = { name: "ECDSA", namedCurve: "P-256" } as const;

/** How certificates are signed here. */
export const signing = { name: "ECDSA", hash: "SHA-256" } as const;

/** A key pair, and its private half as PEM. */
export type MadeKey = { readonly pair: CryptoKeyPair; readonly pem: string };

type CryptoKeyPair = webcrypto.CryptoKeyPair;

/** A new key on the curve P-256. */
export async function makeKey(): Promise<MadeKey> {
  const pair = await webcrypto.subtle.generateKey(curve, true, ["sign", "verify"]);
  const pkcs8 = await webcrypto.subtle.exportKey("pkcs8", pair.privateKey);
  const key = createPrivateKey({ key: Buffer.from(pkcs8), format: "der", type: "pkcs8" });
  return { pair, pem: key.export({ format: "pem", type: "pkcs8" }).toString() };
}

/** A P-256 key out of its PEM. @throws when it is none. */
export async function readKey(pem: string): Promise<CryptoKeyPair> {
  const key = createPrivateKey(pem);
  const pkcs8 = key.export({ format: "der", type: "pkcs8" });
  const privateKey = await webcrypto.subtle.importKey("pkcs8", pkcs8, curve, true, ["sign"]);
  const { d: _secret, ...half } = await webcrypto.subtle.exportKey("jwk", privateKey);
  const jwk = { ...half, key_ops: ["verify"] };
  const publicKey = await webcrypto.subtle.importKey("jwk", jwk, curve, true, ["verify"]);
  return { privateKey, publicKey };
}
