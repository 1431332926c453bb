import { isIP } from "node:net";
import { join } from "node:path";
import { randomHex } from "../../std/random.ts";
import type { Rng } from "../../std/random.ts";
import type { Clock } from "../../std/time.ts";
import { checkAuthority, damaged } from "./authority-check.ts";
import type { FoundAuthority } from "./authority-check.ts";
import { dropboxDomains, formsOf } from "./hosts.ts";
import { nameConstraints, nameConstraintsId } from "./name-constraints.ts";
import type { ConstrainedNames } from "./name-constraints.ts";
import { makeOnce, readIfThere } from "./private-file.ts";
import { loadX509, makeKey, readKey, signing } from "./x509.ts";

/** Where a CA is kept, and for which names besides loopback and the real service's it is made. */
export type AuthorityOptions = {
  readonly folder: string;
  readonly names: readonly string[];
  readonly clock: Clock;
  readonly rng: Rng;
};

/** A certificate authority of this server alone: PEM texts. */
export type Authority = {
  /** The file that clients have to trust. */
  readonly certificatePath: string;
  readonly certificate: string;
  readonly key: string;
  readonly notAfterMs: number;
};

const hourMs = 60 * 60 * 1000;

/** How long clients may trust a CA that was made here. */
const authorityMs = 10 * 365 * 24 * hourMs;

/** Clocks of clients may be that much behind. */
export const skewMs: number = hourMs;

/**
 * The CA of a folder; it is made when there is none (V9).
 *
 * It is never replaced: clients trust the one they know, so one that does not fit is refused with what to do. The key
 * is made first, and a certificate only from the key that is there: a process that is killed between the two, or that
 * runs beside another, leaves a pair that fits.
 *
 * @throws {SnapError} `damaged`; `refused` when it has ended, or others may read the key; `usage` when it is not for
 * all the names; `disk-full`, `disk-error`.
 */
export async function openAuthority(options: AuthorityOptions): Promise<Authority> {
  const certificatePath = join(options.folder, "ca.crt");
  const keyPath = join(options.folder, "ca.key");
  if ((await readIfThere(certificatePath)) === undefined) {
    await make({ ...options, certificatePath, keyPath });
  }
  const found = await readBoth(certificatePath, keyPath);
  const needs = { nowMs: options.clock.now(), names: options.names };
  return { certificatePath, ...(await checkAuthority(found, needs)) };
}

async function readBoth(certificatePath: string, keyPath: string): Promise<FoundAuthority> {
  const certificate = await readIfThere(certificatePath);
  return { certificatePath, keyPath, certificate, key: await readIfThere(keyPath) };
}

type Places = { readonly certificatePath: string; readonly keyPath: string };

async function make(options: AuthorityOptions & Places): Promise<void> {
  const { certificatePath, keyPath, rng } = options;
  const fresh = await makeKey();
  await makeOnce({ path: keyPath, text: fresh.pem, mode: 0o600, rng });
  const found = await readBoth(certificatePath, keyPath);
  const keys = await readKey(found.key ?? "").catch((error: unknown) => {
    throw damaged(found, error);
  });
  const text = await certify(options, keys);
  await makeOnce({ path: certificatePath, text, mode: 0o644, rng });
}

type Keys = Awaited<ReturnType<typeof readKey>>;

async function certify({ names, clock, rng }: AuthorityOptions, keys: Keys): Promise<string> {
  const x509 = await loadX509();
  const notBeforeMs = clock.now() - skewMs;
  const constraints = nameConstraints(constraintsFor(names));
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    // Two of them in one store of trust can be told apart by their names.
    name: `CN=snap server CA ${randomHex(rng, 4)}`,
    serialNumber: serialNumber(rng),
    notBefore: new Date(notBeforeMs),
    notAfter: new Date(notBeforeMs + authorityMs),
    signingAlgorithm: signing,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.Extension(nameConstraintsId, true, constraints),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return `${certificate.toString("pem")}\n`;
}

/** 16 random bytes in hex, positive whatever reads them. */
export function serialNumber(rng: Rng): string {
  return `4${randomHex(rng, 16).slice(1)}`;
}

/** A name stands for all below it; `api-<name>` is beside it. */
function constraintsFor(names: readonly string[]): ConstrainedNames {
  const addresses = names.filter((name) => isIP(name) !== 0);
  const forms = names
    .filter((name) => isIP(name) === 0)
    .flatMap((name) => formsOf(name).filter((form) => !form.endsWith(`.${name}`)));
  return {
    domains: ["localhost", ...dropboxDomains, ...forms],
    ranges: [
      { address: "127.0.0.0", bits: 8 },
      { address: "::1", bits: 128 },
      ...addresses.map((address) => ({ address, bits: isIP(address) === 4 ? 32 : 128 })),
    ],
  };
}
