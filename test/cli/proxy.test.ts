/** A proxy of the environment, as a person sets it; behind it, a server that is Dropbox by name and certificate. */
import { expect, test } from "vitest";
import { ConnectProxy } from "../support/connect-proxy.ts";
import { DropboxBox } from "../support/dropbox-box.ts";

const password = "geheim-passwort";

async function linked(): Promise<DropboxBox> {
  const dropbox = await DropboxBox.open();
  await dropbox.login();
  await dropbox.expectExit(0, "link", ".", "/w");
  return dropbox;
}

/** The way leads through this proxy alone, and nothing but the program itself takes it. */
function through(proxy: ConnectProxy, login: string): Readonly<Record<string, string | undefined>> {
  const url = `http://${login}@127.0.0.1:${proxy.port}`;
  return { NODE_USE_ENV_PROXY: undefined, HTTPS_PROXY: undefined, https_proxy: url };
}

test("X15: a sync goes through the proxy, with its password, which is told nowhere", async () => {
  await using dropbox = await linked();
  const { port } = dropbox.server.listening;
  await using proxy = await ConnectProxy.open(port, `ada:${password}`);
  const env = through(proxy, `ada:${password}`);
  dropbox.box.write("a", "one");
  const synced = await dropbox.snap(["sync", "--verbose"], { env });
  expect([synced.code, synced.stderr]).toEqual([0, expect.anything()]);
  expect(new Set(proxy.asked)).toContain("content.dropboxapi.com:443");
  const told = await dropbox.snap(["doctor"], { env });
  expect(told.stdout).toContain(`through the proxy http://127.0.0.1:${proxy.port} (https_proxy)`);
  const wrong = await dropbox.snap(["sync", "--verbose"], {
    env: through(proxy, "ada:falsch-falsch"),
  });
  expect(wrong.code).toBe(2);
  expect(proxy.refused).toBeGreaterThan(0);
  const all = [synced, told, wrong].map(({ stdout, stderr }) => stdout + stderr).join("\n");
  expect(all).not.toMatch(/geheim|falsch-/u);
  expect(wrong.stderr).toContain("refuses the name and password");
});

test("the embedded account is never asked through a proxy", async () => {
  await using dropbox = await DropboxBox.open();
  await using proxy = await ConnectProxy.open(1, "ada:x");
  const env = through(proxy, "ada:x");
  for (const words of [["login", "--local"], ["link", ".", "/w"], ["sync"]]) {
    expect((await dropbox.snap(words, { env })).code).toBe(0);
  }
  expect([proxy.asked, proxy.refused]).toEqual([[], 0]);
});

test("what is no address of a proxy is refused, and not gone around", async () => {
  await using dropbox = await linked();
  const env = { NODE_USE_ENV_PROXY: undefined, HTTPS_PROXY: `ada:${password}@socks://x` };
  const ended = await dropbox.snap(["sync"], { env });
  expect(ended.code).toBe(2);
  expect(ended.stderr).toContain("HTTPS_PROXY is no address of a proxy");
  expect(ended.stderr + ended.stdout).not.toContain(password);
});
