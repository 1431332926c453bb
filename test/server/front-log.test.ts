import { expect, test } from "vitest";
import { OpenFront, call, openChecked } from "./front-open.ts";

const secret = "wG5cLm0rZrkAAAAAAAAAAb9-_x";

test.each([
  ["/2/files/list_folder/continue", "/2/files/list_folder/continue"],
  [
    "/2/sharing/create_shared_link_with_settings?a=secret",
    "/2/sharing/create_shared_link_with_settings",
  ],
  [`/cd/0/get/${secret}/file`, "/cd/0/get/…/file"],
  [`/content/apitul/1/${secret}`, "/content/apitul/1/…"],
  [`/2/users/sl.u.${secret}/x`, "/2/users/sl.…/x"],
  [`/2/Bearer%20sl.${secret}`, "/2/Bearer%20sl.…"],
  [`/2/%73l%2E${secret}`, "/2/sl.…"],
  [`/2/${secret}${secret}`, "/2/wG5c…"],
  ["/a".repeat(20), "/a/a/a/a/a/a/a/…"],
])("V78: a request for %s is in the log as %s", async (path, logged) => {
  await using front = await OpenFront.with(() => new Response("ok"));
  const next = front.next();
  await call(front, { path });
  expect((await next).path).toBe(logged);
});

test("V78: the refusal of an unknown route repeats no token", async () => {
  const { checked, front } = await openChecked();
  await using _server = checked;
  await using _front = front;
  const unknown = await call(front, { path: `/2/${checked.token}` });
  expect([unknown.status, unknown.text]).toEqual([
    400,
    'Error in call to API function "sl.…": Unknown API function',
  ]);
  const coded = await call(front, {
    path: `/apitul/1/${secret}`,
    headers: { "content-encoding": "gzip" },
  });
  expect(coded.status).toBe(400);
  expect(coded.text).not.toContain(secret);
  const long = await call(front, { path: `/2/${"x".repeat(1_000)}` });
  expect(long.text).toBe('Error in call to API function "xxxx…": Unknown API function');
});
