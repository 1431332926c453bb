import path from "node:path";
import { expect, test } from "vitest";
import { ListeningServer } from "../support/listening-server.ts";

const script = path.join(import.meta.dirname, "python_sdk.py");

/** Debian's SDK belongs to Debian's Python. */
const python = "/usr/bin/python3";

/** The groups of checks in the script, and how far ahead the clock is when one begins. */
const groups = [
  ["users", 0],
  ["upload", 0],
  ["sessions", 0],
  ["listing", 0],
  ["tree", 0],
  ["history", 0],
  ["links", 0],
  ["errors", 0],
  ["refresh", 5],
  ["oauth", 0],
] as const;

test.for(groups)("V1: the official Python SDK: %s", async ([group, hoursAhead]) => {
  await using server = await ListeningServer.open();
  const { running, accountId, clock, host } = server;
  const issued = running.server.issueToken(accountId, { clientId: "key" });
  const narrow = running.server.issueToken(accountId, { scopes: ["account_info.read"] });
  clock.aheadMs = hoursAhead * 60 * 60 * 1000;
  const setup = {
    access_token: issued.accessToken,
    refresh_token: issued.refreshToken,
    narrow_token: narrow.accessToken,
    account_id: accountId,
    admin_url: running.admin?.url,
    admin_token: running.admin?.token,
  };
  const ended = await server.run(python, [script, group], {
    env: {
      SNAP_SETUP: JSON.stringify(setup),
      PYTHONWARNINGS: "ignore",
      PYTHONDONTWRITEBYTECODE: "1",
      REQUESTS_CA_BUNDLE: server.caPath,
      DROPBOX_API_HOST: host,
      DROPBOX_API_CONTENT_HOST: host,
      DROPBOX_API_NOTIFY_HOST: host,
      DROPBOX_WEB_HOST: host,
    },
  });
  expect(ended.code, ended.stdout + ended.stderr).toBe(0);
  expect(ended.stdout).toMatch(/\ndone\n$/);
});
