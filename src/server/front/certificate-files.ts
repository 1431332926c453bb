import { X509Certificate, createPrivateKey } from "node:crypto";
import { SnapError, describeError } from "../../std/error.ts";
import type { Clock } from "../../std/time.ts";
import type { Certificates, ServerCertificate } from "./certificates.ts";
import { readIfThere } from "./private-file.ts";

/** The user's own certificate, as `--cert` and `--key` name it: PEM files. */
export type CertificateFiles = {
  readonly cert: string;
  readonly key: string;
  readonly clock: Clock;
};

/**
 * A certificate with its key from files, read once.
 *
 * @throws {SnapError} `path-missing`, `disk-error`; `usage` when one is not what it should be, they do not belong
 * together, or the certificate is not valid now.
 */
export async function certificateFiles({
  cert,
  key,
  clock,
}: CertificateFiles): Promise<Certificates> {
  const shown: ServerCertificate = {
    cert: await readGiven(cert, "certificate"),
    key: await readGiven(key, "key"),
  };
  const parsed = parse(cert, "certificate", () => new X509Certificate(shown.cert));
  const privateKey = parse(key, "key without a passphrase", () => createPrivateKey(shown.key));
  if (!parsed.checkPrivateKey(privateKey)) {
    throw new SnapError("usage", `The key "${key}" does not belong to the certificate "${cert}"`, {
      path: key,
      hint: "The certificate of the server has to come first in its file.",
    });
  }
  const nowMs = clock.now();
  if (nowMs < parsed.validFromDate.getTime() || nowMs >= parsed.validToDate.getTime()) {
    const validity = `from ${parsed.validFrom} to ${parsed.validTo}`;
    throw new SnapError("usage", `The certificate "${cert}" is only valid ${validity}`, {
      path: cert,
      hint: "Give one that is valid now, or none: the server then makes its own.",
    });
  }
  return { current: () => Promise.resolve(shown) };
}

async function readGiven(path: string, what: string): Promise<string> {
  const text = await readIfThere(path);
  if (text !== undefined) return text;
  throw new SnapError("path-missing", `There is no file for the ${what}: "${path}"`, { path });
}

function parse<T>(path: string, what: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new SnapError("usage", `Not a ${what} in PEM form: "${path}" (${describeError(error)})`, {
      path,
      cause: error,
    });
  }
}
