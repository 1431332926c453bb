import { X509Certificate, createPrivateKey } from "node:crypto";
import { stat } from "node:fs/promises";
import { SnapError } from "../../std/error.ts";
import { formsOf } from "./hosts.ts";
import { nameConstraintsId, permits } from "./name-constraints.ts";
import { loadX509 } from "./x509.ts";

/** A CA as its two files say, not believed yet. */
export type FoundAuthority = {
  readonly certificatePath: string;
  readonly keyPath: string;
  readonly certificate: string | undefined;
  readonly key: string | undefined;
};

/** What a CA has to be good for. */
export type Needs = { readonly nowMs: number; readonly names: readonly string[] };

/** A CA that can be used. */
export type CheckedAuthority = {
  readonly certificate: string;
  readonly key: string;
  readonly notAfterMs: number;
};

/**
 * The CA, if it is whole, private, in its time, and for all the names.
 *
 * @throws {SnapError} `damaged`, `refused`, `usage`, each with what to do.
 */
export async function checkAuthority(
  found: FoundAuthority,
  needs: Needs,
): Promise<CheckedAuthority> {
  const { certificatePath, keyPath } = found;
  const { certificate, key, parsed } = pairOf(found);
  if (((await stat(keyPath)).mode & 0o077) !== 0) throw tooOpen(keyPath);
  const notAfterMs = parsed.validToDate.getTime();
  if (needs.nowMs >= notAfterMs || needs.nowMs < parsed.validFromDate.getTime()) {
    throw outOfTime(parsed, found);
  }
  const missing = await firstMissing(certificate, needs.names);
  if (missing !== undefined) {
    throw new SnapError("usage", `The server's CA is not for the name "${missing}"`, {
      path: certificatePath,
      hint: anew(found),
    });
  }
  return { certificate, key, notAfterMs };
}

type Pair = {
  readonly certificate: string;
  readonly key: string;
  readonly parsed: X509Certificate;
};

function pairOf(found: FoundAuthority): Pair {
  const { certificate, key } = found;
  if (certificate === undefined || key === undefined) throw damaged(found);
  try {
    const parsed = new X509Certificate(certificate);
    const fits = parsed.ca && parsed.checkPrivateKey(createPrivateKey(key));
    if (fits) return { certificate, key, parsed };
  } catch (error) {
    throw damaged(found, error);
  }
  throw damaged(found);
}

/** The CA is for a name when it is for all that clients make of it. */
async function firstMissing(pem: string, names: readonly string[]): Promise<string | undefined> {
  const x509 = await loadX509();
  const extension = new x509.X509Certificate(pem).getExtension(nameConstraintsId);
  if (extension === null) return undefined;
  const permitted = new Uint8Array(extension.value);
  return names.find((name) => formsOf(name).some((form) => !permits(permitted, form)));
}

/** The pair is missing in part, or its halves do not belong together. */
export function damaged(found: FoundAuthority, cause?: unknown): SnapError {
  const { certificatePath, keyPath } = found;
  const message = `The server's CA is damaged: "${certificatePath}" and "${keyPath}"`;
  return new SnapError("damaged", message, { path: certificatePath, cause, hint: anew(found) });
}

function outOfTime({ validFrom, validTo }: X509Certificate, found: FoundAuthority): SnapError {
  const message = `The server's CA is only valid from ${validFrom} to ${validTo}`;
  return new SnapError("refused", message, { path: found.certificatePath, hint: anew(found) });
}

function tooOpen(keyPath: string): SnapError {
  return new SnapError("refused", `Others may read the key of the server's CA: "${keyPath}"`, {
    path: keyPath,
    hint: "If nobody did, close it with chmod 600; else remove it and ca.crt for a new one.",
  });
}

function anew({ certificatePath, keyPath }: FoundAuthority): string {
  return `Remove "${certificatePath}" and "${keyPath}" for a new one, which every client then has to be given.`;
}
