/**
 * @module server/front/tls — what the server shows to clients that speak TLS (V9).
 *
 * By default a certificate of a CA of its own, which clients are told to trust and which may speak for nothing but
 * loopback, the real service's hosts and the names given. It lasts for a week and is made in memory, at the start and
 * again before it ends: only the CA is on the disk. Or certificate and key of the user's. Nothing is ever added to a
 * system's store of trust.
 */
import { isIP } from "node:net";
import { openAuthority, serialNumber, skewMs } from "./authority.ts";
import type { Authority, AuthorityOptions } from "./authority.ts";
import type { Certificates, ServerCertificate } from "./certificates.ts";
import { servedHosts } from "./hosts.ts";
import { loadX509, makeKey, readKey, signing } from "./x509.ts";

const dayMs = 24 * 60 * 60 * 1000;

/** How long a certificate of the own CA lasts, and how long before its end the next one takes its place. */
const leafMs = 7 * dayMs;
const renewedBeforeMs = 2 * dayMs;

/**
 * Certificates of the own CA in `folder`, for loopback, the real service's hosts and `names`.
 *
 * @throws {SnapError} those of `openAuthority`.
 */
export async function ownCertificates(options: AuthorityOptions): Promise<OwnCertificates> {
  return new OwnCertificates(await openAuthority(options), options);
}

type Leaf = { readonly shown: ServerCertificate; readonly fromMs: number; readonly toMs: number };

/** Makes one certificate after the other, each with a key of its own that never is on a disk. */
export class OwnCertificates implements Certificates {
  /** Who signs them. */
  readonly authority: Authority;
  readonly #options: AuthorityOptions;
  #leaf: Leaf | undefined;

  constructor(authority: Authority, options: AuthorityOptions) {
    this.authority = authority;
    this.#options = options;
  }

  async current(): Promise<ServerCertificate> {
    if (this.#leaf === undefined || !this.#isFresh(this.#leaf)) this.#leaf = await this.#issue();
    return this.#leaf.shown;
  }

  /** The last one before the end of the CA cannot be bettered. The clock may also have been put back. */
  #isFresh({ fromMs, toMs }: Leaf): boolean {
    const nowMs = this.#options.clock.now();
    const isLast = toMs === this.authority.notAfterMs;
    return nowMs >= fromMs && nowMs < toMs - (isLast ? 0 : renewedBeforeMs);
  }

  async #issue(): Promise<Leaf> {
    const { clock, names, rng } = this.#options;
    const nowMs = clock.now();
    const authority =
      nowMs < this.authority.notAfterMs ? this.authority : await openAuthority(this.#options);
    const fromMs = nowMs - skewMs;
    const toMs = Math.min(nowMs + leafMs, authority.notAfterMs);
    const shown = await issue({
      authority,
      fromMs,
      toMs,
      hosts: hostsOf(names),
      serial: serialNumber(rng),
    });
    return { shown, fromMs, toMs };
  }
}

/** Every host that clients may look for in the certificate. */
function hostsOf(names: readonly string[]): readonly string[] {
  return ["localhost", "127.0.0.1", "::1", ...servedHosts(names)];
}

type Request = {
  readonly authority: Authority;
  readonly fromMs: number;
  readonly toMs: number;
  readonly hosts: readonly string[];
  readonly serial: string;
};

async function issue({
  authority,
  fromMs,
  toMs,
  hosts,
  serial,
}: Request): Promise<ServerCertificate> {
  const x509 = await loadX509();
  const signer = await readKey(authority.key);
  const { pair, pem } = await makeKey();
  const usages = [x509.ExtendedKeyUsage.serverAuth];
  const certificate = await x509.X509CertificateGenerator.create({
    subject: "CN=snap server",
    issuer: new x509.X509Certificate(authority.certificate).subjectName,
    serialNumber: serial,
    notBefore: new Date(fromMs),
    notAfter: new Date(toMs),
    publicKey: pair.publicKey,
    signingKey: signer.privateKey,
    signingAlgorithm: signing,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension(usages),
      new x509.SubjectAlternativeNameExtension(
        hosts.map((value) => ({ type: isIP(value) === 0 ? "dns" : "ip", value }) as const),
      ),
      await x509.AuthorityKeyIdentifierExtension.create(signer.publicKey),
      await x509.SubjectKeyIdentifierExtension.create(pair.publicKey),
    ],
  });
  return { key: pem, cert: `${certificate.toString("pem")}\n` };
}
