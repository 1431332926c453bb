/** A login to a `snap server` that stands for Dropbox. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { expect, test } from "vitest";
import { present } from "../../src/std/assert.ts";
import { ConsentVisit } from "../support/consent-visit.ts";
import { Box, launcher } from "../support/snap-process.ts";
import { SnapServer } from "../support/snap-server.ts";

const plainFetch = (url: string, init?: RequestInit): Promise<Response> => fetch(url, init);

/** Press Allow on its page, and paste the code. @returns the address that was shown */
async function login(box: Box, { url, account }: SnapServer["listening"]): Promise<string> {
  const words = ["login", "--server", url, "--no-browser", "--json"];
  const child = spawn(process.execPath, [launcher, ...words], {
    cwd: box.workspace,
    env: { ...process.env, NO_COLOR: "1", SNAP_HOME: box.home },
    stdio: ["pipe", "pipe", "inherit"],
  });
  const closed = once(child, "close");
  let shown = "";
  for await (const line of createInterface({ input: child.stdout })) {
    const event: Readonly<Record<string, unknown>> = JSON.parse(line);
    if (event["type"] !== "authorize") continue;
    shown = String(event["url"]);
    const page = await ConsentVisit.open(plainFetch, shown);
    const allowed = await page.next("allow", { account: present(account, "the account") });
    child.stdin.end(`${present(allowed.code, "the code")}\n`);
  }
  expect(await closed).toEqual([0, null]);
  return shown;
}

test("X14: a login to a server of one's own goes to nowhere else, and syncs, and ends", async () => {
  using place = new Box();
  using box = new Box();
  const words = ["--http", "--port", "0", "--account", "Ada"];
  await using server = await SnapServer.start(place.home, ...words);
  const { url } = server.listening;
  expect(await login(box, server.listening)).toMatch(`${url}/oauth2/authorize?`);
  expect((await box.expectExit(0, "account")).stdout).toContain(url);
  box.write("a", "content of a");
  await box.expectExit(0, "link", box.workspace, "/w");
  await box.expectExit(0, "sync");
  const there = await server.call("files/get_metadata", { path: "/w/a" });
  expect(await there.json()).toMatchObject({ name: "a", size: 12 });
  const { events } = await box.expectExit(0, "logout", "--json");
  expect(events.at(-1)).toMatchObject({ revoked: true });
  await login(box, server.listening);
  await server.stop();
  const { stderr } = await box.expectExit(0, "logout");
  expect(stderr).toContain(`${url} could not be reached`);
  expect(stderr).not.toContain("dropbox.com");
});

test.each([
  "http://box.example:8443",
  "box.example",
  "https://box.example/2",
  "https://a:b@box.example",
])("a login to %s is refused", async (address) => {
  using box = new Box();
  const { stderr } = await box.expectExit(2, "login", "--server", address);
  expect(stderr).toContain("Not the address of a server");
});

test("a login to a server is none to the embedded account", async () => {
  using box = new Box();
  await box.expectExit(2, "login", "--local", "--server", "https://box.example");
});
