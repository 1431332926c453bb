import { execFileSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { chmod, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { systemRng } from "../../src/std/random.ts";
import { openAuthority } from "../../src/server/front/authority.ts";
import { nameConstraints, permits } from "../../src/server/front/name-constraints.ts";
import { OwnCertificates, ownCertificates } from "../../src/server/front/tls.ts";
import { HandClock } from "./front-open.ts";

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

test("V9: the CA is made once; key and folder are closed to others", async () => {
  const first = await openAuthority(authorityOptions());
  const again = await openAuthority(authorityOptions());
  expect(again).toEqual(first);
  expect((await stat(join(folder, "data", "ca.key"))).mode & 0o777).toBe(0o600);
  expect((await stat(join(folder, "data"))).mode & 0o777).toBe(0o700);
  expect((await readdir(join(folder, "data"))).toSorted()).toEqual(["ca.crt", "ca.key"]);
});

test("V9: processes that make the CA at the same time agree on one", async () => {
  const made = await Promise.all([1, 2, 3].map(() => openAuthority(authorityOptions())));
  expect(new Set(made.map(({ certificate }) => certificate)).size).toBe(1);
  expect(new Set(made.map(({ key }) => key)).size).toBe(1);
});

test("V9: after a kill between key and certificate the key that is there is used", async () => {
  const first = await openAuthority(authorityOptions());
  await rm(first.certificatePath);
  const second = await openAuthority(authorityOptions());
  expect(second.key).toBe(first.key);
  expect(second.certificate).not.toBe(first.certificate);
});

describe("V9: a CA that cannot serve is refused with what to do", () => {
  test("without its key, with another one, and when either is none", async () => {
    const options = authorityOptions();
    await openAuthority(options);
    const key = join(options.folder, "ca.key");
    const other = await openAuthority({ ...options, folder: join(folder, "other") });
    for (const content of [other.key, "nonsense", ""]) {
      await writeFile(key, content);
      await expect(openAuthority(options)).rejects.toMatchObject({
        code: "damaged",
        hint: expect.stringContaining(`Remove "${join(options.folder, "ca.crt")}"`),
      });
    }
    await rm(key);
    await expect(openAuthority(options)).rejects.toMatchObject({ code: "damaged" });
    await writeFile(join(options.folder, "ca.crt"), "nonsense");
    await expect(openAuthority(options)).rejects.toMatchObject({ code: "damaged" });
  });

  test("a damaged key without certificate", async () => {
    const { certificatePath } = await openAuthority(authorityOptions());
    await rm(certificatePath);
    await writeFile(join(folder, "data", "ca.key"), "nonsense");
    await expect(openAuthority(authorityOptions())).rejects.toMatchObject({ code: "damaged" });
  });

  test("when its time is over, or not come", async () => {
    const clock = new HandClock();
    await openAuthority(authorityOptions([], clock));
    clock.advance(3_649 * dayMs);
    await openAuthority(authorityOptions([], clock));
    clock.advance(dayMs);
    await expect(openAuthority(authorityOptions([], clock))).rejects.toMatchObject({
      code: "refused",
    });
    clock.advance(-3_651 * dayMs);
    await expect(openAuthority(authorityOptions([], clock))).rejects.toMatchObject({
      code: "refused",
    });
  });

  test("when others may read its key", async () => {
    await openAuthority(authorityOptions());
    await chmod(join(folder, "data", "ca.key"), 0o640);
    await expect(openAuthority(authorityOptions())).rejects.toMatchObject({
      code: "refused",
      hint: expect.stringContaining("chmod 600"),
    });
  });

  test("when it was made without a name; fewer names are fine", async () => {
    await openAuthority(authorityOptions(["box.test"]));
    await openAuthority(authorityOptions());
    await openAuthority(authorityOptions(["eu.box.test"]));
    for (const name of ["other.test", "192.168.1.5"]) {
      await expect(openAuthority(authorityOptions([name]))).rejects.toMatchObject({
        code: "usage",
        message: `The server's CA is not for the name "${name}"`,
        hint: expect.stringContaining("Remove"),
      });
    }
  });
});

test("V9: the last certificate ends with the CA, and then the trouble is told", async () => {
  const clock = new HandClock();
  const tls = await ownCertificates(authorityOptions([], clock));
  clock.advance(3_649 * dayMs);
  const last = await tls.current();
  expect(await tls.current()).toBe(last);
  expect(new X509Certificate(last.cert).validToDate.getTime()).toBe(
    new X509Certificate(tls.authority.certificate).validToDate.getTime(),
  );
  clock.advance(dayMs);
  await expect(tls.current()).rejects.toMatchObject({ code: "refused" });
});

test("V9: OpenSSL accepts the chain by the strict rules, and not beyond the CA's names", async () => {
  const tls = await ownCertificates(authorityOptions(["box.test", "192.168.1.5", "2001:db8::7"]));
  const leaf = join(folder, "leaf.crt");
  const verify = (): string =>
    execFileSync(
      "openssl",
      [
        "verify",
        "-x509_strict",
        "-purpose",
        "sslserver",
        "-CAfile",
        tls.authority.certificatePath,
        leaf,
      ],
      { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] },
    );
  await writeFile(leaf, (await tls.current()).cert);
  expect(verify()).toContain("OK");
  // The same CA, asked to sign for a name that it was not made for.
  const beyond = new OwnCertificates(tls.authority, {
    ...authorityOptions(["evil.example"]),
  });
  await writeFile(leaf, (await beyond.current()).cert);
  expect(verify).toThrow(/permitted subtree violation/);
});

test("V9: name constraints are written as they are read", () => {
  const made = nameConstraints({
    domains: ["localhost", "box.test", `${"a".repeat(60)}.${"b".repeat(60)}.test`],
    ranges: [
      { address: "127.0.0.0", bits: 8 },
      { address: "10.1.0.0", bits: 12 },
      { address: "2001:db8::7", bits: 128 },
    ],
  });
  const inside = ["localhost", "box.test", "a.box.test", "127.9.9.9", "10.15.0.1", "2001:db8::7"];
  const outside = ["abox.test", "test", "128.0.0.1", "10.16.0.1", "2001:db8::8", "::7"];
  expect(inside.filter((name) => !permits(made, name))).toEqual([]);
  expect(outside.filter((name) => permits(made, name))).toEqual([]);
});
