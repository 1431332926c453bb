import { expect, test } from "vitest";
import { ConsentVisit, consentOrigin, consentUrl } from "../support/consent-visit.ts";
import { serve } from "../support/served.ts";
import type { Served } from "../support/served.ts";

const redirect = "http://localhost:53682/";

const visit = ({ server }: Served, parameters: Record<string, string | undefined> = {}) =>
  ConsentVisit.open(server.fetch, consentUrl(parameters));

test.each<[string, Record<string, string>]>([
  ["a foreign origin", { origin: "https://evil.example" }],
  ["our host on another port", { origin: `${consentOrigin}:8443` }],
  ["an opaque origin", { origin: "null" }],
  ["a cross-site form", { "sec-fetch-site": "cross-site" }],
  ["a form of a sibling site", { "sec-fetch-site": "same-site", origin: consentOrigin }],
])("V18: an answer from %s is refused, and its form is still good", async (_, headers) => {
  await using served = await serve();
  const page = await visit(served, { redirect_uri: redirect });
  const refused = await page.answer("allow", {}, headers);
  expect(refused.status).toBe(403);
  expect(refused.headers.get("location")).toBeNull();
  expect(await refused.text()).not.toContain("form_token");
  const own = { origin: consentOrigin, "sec-fetch-site": "same-origin" };
  expect((await page.answer("allow", {}, own)).status).toBe(303);
});

test("V18: a form serves once, for its own request, for ten minutes", async () => {
  await using served = await serve();
  const page = await visit(served, { redirect_uri: redirect });
  const refusedBy = async (answer: Promise<Response>) => {
    const response = await answer;
    expect(response.headers.get("location")).toBeNull();
    return response.status;
  };
  expect(await refusedBy(page.answer("allow", { form_token: "" }))).toBe(403);
  expect(await refusedBy(page.answer("deny", { form_token: "" }))).toBe(403);
  const other = await visit(served, { redirect_uri: redirect, state: "other" });
  const { form_token: foreign = "" } = other.hidden;
  expect(await refusedBy(page.answer("allow", { form_token: foreign }))).toBe(403);
  const [expires = "", nonce = "", signature = ""] = (page.hidden["form_token"] ?? "").split(".");
  const longer = [String(Number(expires) + 1), nonce, signature].join(".");
  expect(await refusedBy(page.answer("allow", { form_token: longer }))).toBe(403);

  expect((await page.answer("allow")).status).toBe(303);
  const again = await page.next("allow");
  expect(again.response.status).toBe(403);
  expect(again.response.headers.get("location")).toBeNull();
  expect(again.trouble).toMatch(/answered before/);
  // The page that says so carries a form of its own.
  served.clock.seconds += 599;
  expect((await again.answer("allow")).status).toBe(303);
  const late = await visit(served, { redirect_uri: redirect });
  served.clock.seconds += 600;
  expect(await refusedBy(late.answer("allow"))).toBe(403);
});

test("V18: what others chose as names is text on the page, never markup", async () => {
  await using served = await serve();
  const name = `<script>alert("1")</script>&'\``.replace("/", "");
  served.server.addApp({ key: "mean", name });
  served.server.addAccount({ name: `Eve "<b>"`, email: `"<i>"@example.com` });
  const registered = await visit(served, { client_id: "mean" });
  const unregistered = await visit(served, { client_id: `"><img src=x onerror=alert(1)>` });
  for (const { markup, response } of [registered, unregistered]) {
    expect(response.status).toBe(200);
    expect(markup).not.toMatch(/<script|<img|<b>|<i>/);
  }
  expect(registered.markup).toContain(
    "&#60;script&#62;alert(&#34;1&#34;)&#60;script&#62;&#38;&#39;&#96;",
  );
  const wrong = await visit(served, { response_type: `"<img src=x>` });
  expect(wrong.markup).not.toContain("<img");
});

test.each<[RegExp, string]>([
  [/client_id/, "response_type=code"],
  [/does not know the app/, "client_id=%C3%A9&response_type=code"],
  [/response_type/, "client_id=key"],
  [/response_type is "id_token"/, "client_id=key&response_type=id_token"],
  [/needs a redirect_uri/, "client_id=key&response_type=token"],
  [/"client_id" twice/, "client_id=key&response_type=code&client_id=other"],
  [/"state" twice/, "client_id=key&response_type=code&state=1&st%61te=2"],
  [/encoded as UTF-8/, "client_id=key&response_type=code&state=%ff"],
  [/longer than 500 bytes/, `client_id=key&response_type=code&state=${"%C3%A9".repeat(251)}`],
  [/43 to 128/, `client_id=key&response_type=code&code_challenge=${"c".repeat(42)}`],
  [/43 to 128/, `client_id=key&response_type=code&code_challenge=${"c".repeat(129)}`],
  [/43 to 128/, `client_id=key&response_type=code&code_challenge=${"%2B".repeat(43)}`],
  [/needs a code_challenge/, "client_id=key&response_type=code&code_challenge_method=S256"],
  [
    /not S256 or plain/,
    `client_id=key&response_type=code&code_challenge=${"c".repeat(43)}&code_challenge_method=none`,
  ],
  [/"team_data.member" is none/, "client_id=key&response_type=code&scope=team_data.member"],
  [/token_access_type/, "client_id=key&response_type=code&token_access_type=forever"],
  [/force_reapprove/, "client_id=key&response_type=code&force_reapprove=maybe"],
  [/require_role/, "client_id=key&response_type=code&require_role=boss"],
  [/include_granted_scopes/, "client_id=key&response_type=code&include_granted_scopes=all"],
  ...[
    "https://evil.example/",
    "http://evil.example/",
    "http://localhost.evil.example/",
    "http://localhost@evil.example/",
    "http://evil.example\\@localhost/",
    "http://user@localhost/",
    "http://:secret@localhost/",
    "http://localhost/#x",
    "http://x;script-src.localhost/",
    "http://x,y.localhost/",
    "http://*.localhost/",
    "http://x'y.localhost/",
    "//localhost/",
    "javascript:alert(1)",
    "data:text/html,x",
    "http://127.0.0.1 /",
    "http://localhost/\r\nx",
    "",
  ].map((uri): [RegExp, string] => [
    /invalid redirect_uri/,
    `client_id=key&response_type=code&state=s&redirect_uri=${encodeURIComponent(uri)}`,
  ]),
])("V18: an unusable request is an error page, never a redirect: %s %s", async (trouble, query) => {
  await using served = await serve();
  const url = `${consentOrigin}/oauth2/authorize?${query}`;
  for (const method of ["GET", "POST"]) {
    const response = await served.server.fetch(url, { method });
    expect(response.status).toBe(400);
    expect(response.headers.get("location")).toBeNull();
    const page = await ConsentVisit.of(served.server.fetch, url, response);
    expect(page.trouble).toMatch(trouble);
    expect(page.markup).not.toContain("<form");
  }
});

test("V18: an account with a password asks for it, with ten attempts a minute", async () => {
  await using served = await serve();
  const { server, clock } = served;
  const ben = server.addAccount({ name: "Ben", email: "ben@example.com", password: "pässword" });
  let page = await visit(served, { redirect_uri: redirect });
  expect(page.markup).toMatch(/<input\s+type="password"\s+id="password"/);
  const first = await page.next("allow", { account: ben.id });
  expect(first.response.status).toBe(403);
  expect(first.trouble).toBe("The password is not right.");
  // The account stays chosen; the password is never sent back.
  expect(first.markup).toMatch(new RegExp(`value="${ben.id}"\\s+required checked`));
  page = first;
  for (let attempt = 2; attempt <= 10; attempt += 1) {
    page = await page.next("allow", { account: ben.id, password: "wrong" });
    expect(page.response.status, String(attempt)).toBe(403);
    expect(page.markup).not.toContain("wrong");
  }
  page = await page.next("allow", { account: ben.id, password: "pässword" });
  expect(page.response.status).toBe(429);
  expect(page.response.headers.get("retry-after")).toBe("60");
  // Others are not held up by it.
  expect((await page.answer("allow", { account: served.accountId })).status).toBe(303);
  clock.seconds += 60;
  page = await visit(served, { redirect_uri: redirect });
  // The same letters, put together otherwise.
  const decomposed = "pässword".normalize("NFD");
  expect((await page.answer("allow", { account: ben.id, password: decomposed })).status).toBe(303);
});

test("V18: many attempts at once are no more than one after the other", async () => {
  await using served = await serve();
  const ben = served.server.addAccount({ name: "Ben", password: "secret" });
  const pages = await Promise.all(Array.from({ length: 12 }, () => visit(served)));
  const answers = await Promise.all(
    pages.map((page) => page.answer("allow", { account: ben.id, password: "wrong" })),
  );
  const statuses = answers.map(({ status }) => status).toSorted((one, other) => one - other);
  expect(statuses).toEqual([...Array.from({ length: 10 }, () => 403), 429, 429]);
});

test("V76: with a bind token nobody consents without it", async () => {
  await using served = await serve({ bindToken: "b1nd" });
  let page = await visit(served, { redirect_uri: redirect });
  expect(page.markup).toContain('id="bind_token"');
  for (const bindToken of ["", "other", "b1nd "]) {
    page = await page.next("allow", { bind_token: bindToken });
    expect(page.response.status).toBe(403);
    expect(page.response.headers.get("location")).toBeNull();
  }
  const answer = await page.answer("allow", { bind_token: "b1nd" });
  expect(answer.status).toBe(303);
  const empty = serve({ bindToken: " " });
  await expect(empty).rejects.toThrow(/is empty/);
});
