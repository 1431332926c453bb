import { expect, test } from "vitest";
import { CheckedServer } from "../support/checked-server.ts";
import { createLink, fetched, linkTo, listLinks, raw } from "./link-calls.ts";

test("V48: a file's link gives a page, the file to keep, and the file to show", async () => {
  await using checked = await CheckedServer.open();
  await checked.upload("/<b>&'\"x.html", "<script>alert(1)</script>");
  const url = await linkTo(checked, "/<b>&'\"x.html");
  const page = await checked.fetch(url);
  const html = await page.text();
  expect([page.status, page.headers.get("content-type")]).toEqual([
    200,
    "text/html; charset=utf-8",
  ]);
  expect(page.headers.get("content-security-policy")).toMatch(/^default-src 'none'/);
  expect(page.headers.get("referrer-policy")).toBe("no-referrer");
  expect(html).not.toMatch(/<b>|<script/);
  expect(html).toContain("25 bytes");
  const link = /href="([^"]+)"/.exec(html)?.[1]?.replaceAll("&#38;", "&") ?? "";
  const kept = await checked.fetch(new URL(link, url));
  expect([kept.status, await kept.text()]).toEqual([200, "<script>alert(1)</script>"]);
  expect(kept.headers.get("content-disposition")).toMatch(/^attachment; /);
  const shown = await checked.fetch(raw(url), { headers: { range: "bytes=0-6" } });
  expect([shown.status, await shown.text()]).toEqual([206, "<script"]);
  for (const answer of [kept, shown]) {
    expect(answer.headers.get("content-security-policy")).toMatch(/^sandbox; default-src 'none'/);
    expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
  }
  expect(shown.headers.get("content-disposition")).toMatch(/^inline; /);
  const head = await checked.fetch(url, { method: "HEAD" });
  expect([head.status, await head.text()]).toEqual([200, ""]);
  expect((await checked.fetch(url, { method: "POST", body: "" })).status).toBe(405);
});

test("V48: a folder's link gives a page and a zip file; links lead into it, not out of it", async () => {
  await using checked = await CheckedServer.open({ limits: { zipEntriesMax: 3 } });
  await checked.upload("/Top/In/ä.txt", "inner");
  await checked.upload("/Secret", "outer");
  const url = await linkTo(checked, "/Top");
  expect((await fetched(checked, url))[1]).toContain("5 bytes");
  const zip = await checked.fetch(url.replace("dl=0", "dl=1"));
  expect(zip.headers.get("content-disposition")).toContain('filename="Top.zip"');
  expect(Buffer.from(await zip.arrayBuffer()).toString()).toContain("Top/In/ä.txt");
  const inside = raw(url.replace("/h?", "/h/in/%C3%A4.txt?"));
  expect(await fetched(checked, inside)).toEqual([200, "inner"]);
  for (const path of ["/h/..%2fSecret?", "/h/none?", "/h/%ff?", "/h/a//b?"]) {
    expect((await checked.fetch(url.replace("/h?", path))).status, path).toBe(404);
  }
  await checked.upload("/Top/more", "1");
  expect((await checked.fetch(url.replace("dl=0", "dl=1"))).status).toBe(409);
});

test("V48: a wrong secret, an unknown id and a form that is none are 404", async () => {
  await using checked = await CheckedServer.open();
  await checked.upload("/f", "1");
  const url = await linkTo(checked, "/f");
  const wrong = [
    url.replace("rlkey=", "rlkey=x"),
    url.replace(/rlkey=[\w-]+/, ""),
    url.replace(/fi\/./, "fi/_"),
    url.replace("/f?", "/f/g?"),
  ];
  for (const each of wrong) expect((await checked.fetch(each)).status, each).toBe(404);
  expect((await fetched(checked, raw(url).replace("/f?", "/renamed?")))[0]).toBe(200);
});

test("V48: a link follows its node through moves and new content, and ends with it", async () => {
  await using checked = await CheckedServer.open();
  await checked.upload("/A/f.txt", "one");
  const url = await linkTo(checked, "/A/f.txt");
  await checked.upload("/A/f.txt", "two", { mode: "overwrite" });
  await checked.rpc("files/move_v2", { from_path: "/A", to_path: "/B" });
  await checked.rpc("files/move_v2", { from_path: "/B/f.txt", to_path: "/B/g.txt" });
  expect(await fetched(checked, raw(url))).toEqual([200, "two"]);
  expect((await listLinks(checked, { path: "/B/g.txt" })).links[0]).toMatchObject({
    name: "g.txt",
    path_lower: "/b/g.txt",
  });
  await checked.rpc("files/delete_v2", { path: "/B" });
  expect((await fetched(checked, raw(url)))[0]).toBe(404);
  expect((await listLinks(checked, {})).links).toEqual([]);
  await checked.upload("/B/g.txt", "three");
  expect((await fetched(checked, raw(url)))[0]).toBe(404);
  expect((await createLink(checked, "/B/g.txt")).json.url).not.toBe(url);
});
