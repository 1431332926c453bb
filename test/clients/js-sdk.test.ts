import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { ListeningServer } from "../support/listening-server.ts";
import { checkAuth, checkCalls } from "./js-checks.ts";
import type { JsSetup } from "./js-checks.ts";

const child = fileURLToPath(new URL("js-sdk-child.ts", import.meta.url));

async function open(
  options: JsSetup["options"] = {},
): Promise<{ server: ListeningServer; setup: JsSetup }> {
  const server = await ListeningServer.open();
  const folder = server.local("js");
  mkdirSync(folder);
  const largeFile = path.join(folder, "large");
  writeFileSync(largeFile, Buffer.alloc(9 * 1024 * 1024 + 5, "a large file of three blocks; "));
  const { accessToken } = server.issued;
  return { server, setup: { options, accessToken, largeFile, folder } };
}

test("V6: the official JavaScript SDK works in the process", async () => {
  const { server, setup } = await open();
  await using _ = server;
  const { fetch } = server.running.server;
  const inside = { ...setup, options: { fetch } };
  await checkCalls(inside);
  await checkAuth(inside, fetch);
});

test("V1: the official JavaScript SDK works over TLS, told another host", async () => {
  const { server, setup } = await open();
  await using _ = server;
  const options = { domain: server.host, domainDelimiter: "" };
  const ended = await server.run(process.execPath, [child], {
    env: {
      SNAP_SETUP: JSON.stringify({ ...setup, options }),
      NODE_EXTRA_CA_CERTS: server.caPath,
      NODE_OPTIONS: "",
    },
  });
  expect(ended.code, ended.stdout + ended.stderr).toBe(0);
  expect(ended.stdout).toBe("done\n");
});

test("V8: the official JavaScript SDK works on Dropbox's own host names, with the server as its proxy", async () => {
  const { server, setup } = await open();
  await using _ = server;
  const ended = await server.run(process.execPath, [child, "with-auth"], {
    env: {
      SNAP_SETUP: JSON.stringify(setup),
      NODE_EXTRA_CA_CERTS: server.caPath,
      NODE_USE_ENV_PROXY: "1",
      HTTPS_PROXY: server.running.url,
      NODE_OPTIONS: "",
    },
  });
  expect(ended.code, ended.stdout + ended.stderr).toBe(0);
  expect(ended.stdout).toBe("done\n");
});
