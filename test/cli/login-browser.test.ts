/** The login with a real browser on the server's real consent page (V18, X14). */
import { createServer } from "node:http";
import { once } from "node:events";
import { expect, test } from "vitest";
import { DropboxBox, type Addresses } from "../support/dropbox-box.ts";
import { freePort } from "../support/free-port.ts";

const allow = 'button[value="allow"]';

test("a person allows in Chromium, and pastes the code that the page shows", async () => {
  await using dropbox = await DropboxBox.open();
  await using browser = await dropbox.browser();
  const login = await dropbox.login(async ({ url }) => {
    await browser.goTo(url);
    expect(await browser.value("document.title")).toBe("Allow app-key?");
    await browser.press(allow);
    return browser.value('document.querySelector("#code")?.textContent');
  });
  expect(login.events.at(-1)).toMatchObject({ exit: 0, account: { id: dropbox.account } });
  expect((await dropbox.expectExit(0, "account")).stdout).toContain("Sees everything");
});

/** `snap login` with a page on a port of its own. */
async function loginByPage(
  dropbox: DropboxBox,
  visit: (address: string, port: number) => Promise<void>,
) {
  const port = await freePort();
  const answer = async ({ pageUrl }: Addresses): Promise<undefined> => {
    await visit(String(pageUrl), port);
    return undefined;
  };
  return dropbox.login(answer, { words: ["--browser", "--port", String(port)] });
}

test("a person allows in Chromium, and the browser brings the code back by itself", async () => {
  await using dropbox = await DropboxBox.open();
  await using browser = await dropbox.browser();
  const titles: string[] = [];
  const login = await loginByPage(dropbox, async (address) => {
    await browser.goTo(address);
    await browser.press(allow);
    titles.push(await browser.value('document.title.includes("terminal") ? document.title : ""'));
  });
  expect(titles).toEqual(["Back to your terminal"]);
  expect(login.events.at(-1)).toMatchObject({ exit: 0, account: { id: dropbox.account } });
});

test("a person denies in Chromium: the login ends, and nothing is kept", async () => {
  await using dropbox = await DropboxBox.open();
  await using browser = await dropbox.browser();
  const login = await loginByPage(dropbox, async (address) => {
    await browser.goTo(address);
    await browser.press('button[value="deny"]');
  });
  expect(login.events.at(-1)).toMatchObject({ exit: 7, code: "not-logged-in" });
  expect(dropbox.secrets()).toEqual([]);
});

/** A page of another site that does all it can to put a code of its own into the login. */
const hostile = (target: string): string => `<!doctype html><title>working</title>
<img src="${target}"><iframe src="${target}"></iframe><script>
const form = document.createElement("form");
form.method = "post"; form.target = "other"; form.action = ${JSON.stringify(target)};
document.documentElement.append(form);
Promise.allSettled([
  fetch(${JSON.stringify(target)}, { mode: "no-cors" }),
  fetch(${JSON.stringify(target)}),
]).then(() => { document.title = "done"; });
</script>`;

test("X14: a hostile page in the same browser puts no code in, not even by going there", async () => {
  await using dropbox = await DropboxBox.open();
  await using browser = await dropbox.browser();
  const target = (port: number): string =>
    `http://127.0.0.1:${port}/?code=evil&state=${"x".repeat(43)}`;
  const login = await loginByPage(dropbox, async (address, port) => {
    const site = createServer((_, response) => {
      response.setHeader("content-type", "text/html");
      response.end(hostile(target(port)));
    }).listen(0, "127.0.0.1");
    await once(site, "listening");
    const place = site.address();
    const at = typeof place === "object" ? place?.port : undefined;
    await browser.goTo(`http://localhost:${at}/`);
    await browser.value('document.title === "done" ? "done" : ""');
    await browser.goTo(target(port));
    expect(await browser.value("document.querySelector('h1')?.textContent")).toBe("Refused");
    site.close();
    site.closeAllConnections();
    await browser.goTo(address);
    await browser.press(allow);
  });
  expect(login.events.at(-1)).toMatchObject({ exit: 0, account: { id: dropbox.account } });
});
