import { X509Certificate } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { request as httpsRequest } from "node:https";
import type { RequestOptions } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { connect } from "node:tls";
import type { ConnectionOptions, PeerCertificate } from "node:tls";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { systemRng } from "../../src/std/random.ts";
import { certificateFiles } from "../../src/server/front/certificate-files.ts";
import { ownCertificates } from "../../src/server/front/tls.ts";
import { ConnectionCut } from "../../src/server/wire/connection-cut.ts";
import { HandClock, OpenFront, RawClient } from "./front-open.ts";

const dayMs = 24 * 60 * 60 * 1000;

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "snap-front-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const authorityOptions = (names: readonly string[] = [], clock = new HandClock()) => ({
  folder: join(folder, "data"),
  names,
  clock,
  rng: systemRng,
});

async function openTls(names: readonly string[] = []) {
  const tls = await ownCertificates(authorityOptions(names));
  const front = await OpenFront.with(({ url }) => new Response(url), { tls, names });
  return { front, ca: tls.authority.certificate, caPath: tls.authority.certificatePath };
}

/** The text that a client gets which trusts the CA, or its error code. */
function ask(front: OpenFront, options: RequestOptions): Promise<string> {
  return new Promise((resolve) => {
    const { port } = front.listener;
    httpsRequest({ port, agent: false, ...options }, (message) => resolve(text(message)))
      .on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
      .end();
  });
}

/** The certificate that is shown, whoever signed it. */
function shown(front: OpenFront, options: ConnectionOptions = {}): Promise<PeerCertificate> {
  return new Promise((resolve, reject) => {
    const socket = connect(
      { port: front.listener.port, host: "127.0.0.1", rejectUnauthorized: false, ...options },
      () => {
        resolve(socket.getPeerCertificate());
        socket.destroy();
      },
    );
    socket.on("error", reject);
  });
}

test("V9: a client that trusts the CA reaches loopback, the real hosts and the names", async () => {
  const { front, ca } = await openTls(["box.test", "192.168.1.5"]);
  await using _front = front;
  const { port } = front.listener;
  expect(await ask(front, { ca, host: "127.0.0.1", path: "/a" })).toBe(
    `https://127.0.0.1:${port}/a`,
  );
  const names = [
    "localhost",
    "api.dropboxapi.com",
    "content.dropboxapi.com",
    "notify.dropboxapi.com",
    "www.dropbox.com",
    "dl.dropboxusercontent.com",
    "box.test",
    "api-box.test",
    "api-content-box.test",
    "content.box.test",
  ];
  for (const host of names) {
    const options = { ca, host: "127.0.0.1", servername: host, headers: { host }, path: "/a" };
    expect(await ask(front, options), host).toBe(`https://${host}/a`);
  }
  const { subjectaltname } = await shown(front);
  expect(subjectaltname).toContain("IP Address:192.168.1.5");
  expect(subjectaltname).toContain("IP Address:0:0:0:0:0:0:0:1");
});

test("V9: without the CA, or under another name, nobody is believed", async () => {
  const { front, ca } = await openTls();
  await using _front = front;
  expect(await ask(front, { host: "127.0.0.1" })).toBe("UNABLE_TO_VERIFY_LEAF_SIGNATURE");
  const options = { ca, host: "127.0.0.1", servername: "box.test" };
  expect(await ask(front, options)).toBe("ERR_TLS_CERT_ALTNAME_INVALID");
});

test("V9: a running server shows a new certificate before the old one ends", async () => {
  const clock = new HandClock();
  const tls = await ownCertificates(authorityOptions([], clock));
  const renewed = Promise.withResolvers<void>();
  await using front = await OpenFront.with(() => new Response("ok"), {
    tls,
    clock,
    onRenewed: () => renewed.resolve(),
  });
  const first = await shown(front);
  expect(Date.parse(first.valid_to) - Date.parse(first.valid_from)).toBe(7 * dayMs + 3_600_000);
  clock.advance(4 * dayMs);
  expect((await shown(front)).serialNumber).toBe(first.serialNumber);
  clock.advance(dayMs);
  await renewed.promise;
  const second = await shown(front);
  expect(second.serialNumber).not.toBe(first.serialNumber);
  expect(Date.parse(second.valid_from)).toBe(Date.parse(first.valid_from) + 5 * dayMs);
  const authority = new X509Certificate(tls.authority.certificate);
  expect(new X509Certificate(second.raw).verify(authority.publicKey)).toBe(true);
  expect(front.troubles).toEqual([]);
});

test("V72: under TLS, too, a cut closes and a reset resets", async () => {
  const tls = await ownCertificates(authorityOptions());
  await using front = await OpenFront.with(
    ({ url }) => {
      throw new ConnectionCut(url.endsWith("/reset") ? "reset" : "close");
    },
    { tls },
  );
  const open = (): RawClient =>
    new RawClient(
      connect({ port: front.listener.port, host: "127.0.0.1", rejectUnauthorized: false }),
    );
  const closed = open().send("GET /close HTTP/1.1\r\nhost: localhost\r\n\r\n");
  expect(await closed.ended).toBeUndefined();
  const reset = open().send("GET /reset HTTP/1.1\r\nhost: localhost\r\n\r\n");
  expect(await reset.ended).toMatchObject({ code: "ECONNRESET" });
});

test("V9: a stop ends connections that have not finished their handshake", async () => {
  const { front } = await openTls();
  const silent = front.raw();
  await new Promise((resolve) => silent.socket.once("connect", resolve));
  await front.listener.close({ graceMs: 0 });
  await silent.ended;
});

test("V76: beyond this machine TLS alone is not enough, with a token it is", async () => {
  const names = ["box.test"];
  const tls = await ownCertificates(authorityOptions(names));
  const options = { tls, names, host: "0.0.0.0" };
  const open = OpenFront.with(() => new Response("ok"), options);
  await expect(open).rejects.toMatchObject({ code: "usage", exit: 2 });
  await using front = await OpenFront.with(() => new Response("ok"), {
    ...options,
    bindToken: "secret",
  });
  expect(front.listener.port).toBeGreaterThan(0);
});

describe("V9: the user's own certificate", () => {
  test("is shown", async () => {
    const clock = new HandClock();
    const { key, cert } = await (await ownCertificates(authorityOptions([], clock))).current();
    const files = { cert: join(folder, "a.crt"), key: join(folder, "a.key"), clock };
    await writeFile(files.cert, cert);
    await writeFile(files.key, key);
    const tls = await certificateFiles(files);
    await using front = await OpenFront.with(() => new Response("ok"), { tls });
    const { serialNumber } = new X509Certificate(cert);
    expect((await shown(front)).serialNumber).toBe(serialNumber);
  });

  test("is refused when it is missing, nonsense, of another key, or ended", async () => {
    const clock = new HandClock();
    const own = await ownCertificates(authorityOptions([], clock));
    const { key, cert } = await own.current();
    const files = { cert: join(folder, "a.crt"), key: join(folder, "a.key"), clock };
    await expect(certificateFiles(files)).rejects.toMatchObject({ code: "path-missing", exit: 2 });
    await writeFile(files.cert, "nonsense");
    await writeFile(files.key, key);
    await expect(certificateFiles(files)).rejects.toMatchObject({
      code: "usage",
      path: files.cert,
    });
    await writeFile(files.cert, cert);
    await writeFile(files.key, await readFile(join(folder, "data", "ca.key")));
    await expect(certificateFiles(files)).rejects.toMatchObject({ code: "usage", path: files.key });
    await writeFile(files.key, key);
    clock.advance(7 * dayMs);
    await expect(certificateFiles(files)).rejects.toMatchObject({
      code: "usage",
      path: files.cert,
    });
  });
});
