import { expect, test } from "vitest";
import { contentHashOf } from "../../src/core/tree/content-hash.ts";
import type { Admin } from "../../src/server/control/admin.ts";
import type { FaultScript } from "../../src/server/control/fault-script.ts";
import { present } from "../../src/std/assert.ts";
import { allOf, linkedServer, uploadOf, type Linked } from "./linked.ts";
import { checkLarge, large, mebi, partBytes } from "./large.ts";

type Fault = FaultScript["fault"];

/** Every fault that can hit a call that carries bytes (V72), but for a wrong byte of a file: only a hash finds that. */
const faults: readonly (readonly [name: string, fault: Fault])[] = [
  ["dropResponse", { kind: "dropResponse" }],
  ["dropRequest", { kind: "dropRequest" }],
  ["500", { kind: "status", status: 500 }],
  ["500 after the work", { kind: "status", status: 500, when: "after" }],
  ["502 in HTML", { kind: "status", status: 502, body: "html" }],
  ["503 in 2 s", { kind: "status", status: 503, retryAfterSeconds: 2 }],
  ["401", { kind: "status", status: 401 }],
  ["429", { kind: "status", status: 429 }],
  ["429 in 7 s", { kind: "status", status: 429, retryAfterSeconds: 7 }],
  ["429 in text", { kind: "status", status: 429, body: "text" }],
  [
    "429 of the lock",
    { kind: "status", status: 429, reason: "too_many_write_operations", retryAfterSeconds: 1 },
  ],
  ["reset of the answer", { kind: "reset", of: "response", bytes: 1 }],
  ["truncate", { kind: "truncate", bytes: 1 }],
  ["delay", { kind: "delay", ms: 1_000 }],
  ["clockSkew", { kind: "clockSkew", seconds: -3_600 }],
];

/** Faults that happen to a body on its way, or to the answer's words. */
const upFaults: typeof faults = [
  ...faults,
  ["reset of the request", { kind: "reset", of: "request", bytes: 100_000 }],
  ["corrupt answer", { kind: "corrupt", bytes: 0 }],
];

const downFaults: typeof faults = [
  ...faults,
  ["late reset", { kind: "reset", of: "response", bytes: 3_000_000 }],
  ["late truncate", { kind: "truncate", bytes: 3_000_000 }],
  ["delay in pieces", { kind: "delay", ms: 10, bytes: 1_000_000 }],
];

/** What the server got of the parts, cut ones included. */
function sentTo(admin: Admin): { appended: number; calls: number } {
  const route = "files/upload_session/append_v2";
  const calls = admin.calls().filter((call) => call.route === route);
  return {
    appended: calls.reduce((sum, { bytesIn }) => sum + bytesIn, 0),
    calls: calls.length,
  };
}

async function names(linked: Linked): Promise<string[]> {
  const pages = await allOf(linked.remote.pages(undefined));
  return pages.flatMap(({ changes }) =>
    changes.map((change) => (change.change === "present" ? change.item.path : change.change)),
  );
}

test.each(upFaults)(
  "V72: %s of one part costs that part alone, and the file is there once and whole",
  async (_, fault) => {
    await using linked = await linkedServer("", { admin: true });
    const admin = present(linked.server.admin, "the admin");
    const match = { route: "files/upload_session/append_v2" };
    // A token that is refused twice in a row is no token.
    const hits = fault.kind === "status" && fault.status === 401 ? [2] : [2, 5];
    admin.setFaults(hits.map((nth) => ({ match: { ...match, nth }, fault, times: 1 })));
    await linked.remote.upload(uploadOf("big", large));
    await checkLarge(linked);
    expect(await names(linked)).toEqual(["big"]);
    expect(admin.fired().length).toBe(hits.length);
    expect(sentTo(admin).appended).toBeLessThanOrEqual(large.length + 2 * partBytes);
    expect(linked.routes.filter((route) => route.endsWith("session/start"))).toHaveLength(1);
  },
);

test.each(upFaults)("V72: %s of the start or the end costs no byte", async (_, fault) => {
  await using linked = await linkedServer("", { admin: true });
  const admin = present(linked.server.admin, "the admin");
  const routes = ["files/upload_session/start", "files/upload_session/finish"];
  admin.setFaults(routes.map((route) => ({ match: { route, nth: 1 }, fault, times: 1 })));
  await linked.remote.upload(uploadOf("big", large));
  await checkLarge(linked);
  expect(await names(linked)).toEqual(["big"]);
  expect(sentTo(admin)).toEqual({ appended: large.length, calls: 5 });
});

test.each(downFaults)(
  "V72: %s of ranges costs no more than these ranges, and the bytes are right",
  async (_, fault) => {
    await using linked = await linkedServer("", { admin: true });
    const item = await linked.remote.upload(uploadOf("big", large));
    const admin = present(linked.server.admin, "the admin");
    admin.zero();
    const match = { route: "files/download" };
    admin.setFaults([1, 3].map((nth) => ({ match: { ...match, nth }, fault, times: 1 })));
    const bytes = await allOf(linked.remote.download(item.rev, 0, { size: item.size }));
    expect(contentHashOf(Buffer.concat(bytes))).toBe(item.hash);
    expect(admin.fired().length).toBe(2);
    const calls = admin.calls().filter(({ route }) => route === "files/download");
    const out = calls.reduce((sum, call) => sum + call.bytesOut, 0);
    expect(out).toBeLessThanOrEqual(large.length + 2 * partBytes);
  },
);

test("V72: probable faults everywhere: many large files go up and come down right", async () => {
  await using linked = await linkedServer("", { admin: true });
  const admin = present(linked.server.admin, "the admin");
  const kinds = [...upFaults, ...downFaults].map(([, fault]) => fault);
  admin.setFaults(
    kinds.map((fault, seed) => ({
      match: {
        probability: 0.004,
        seed,
        route: seed % 2 === 0 ? "files/upload_session/append_v2" : "files/download",
      },
      fault,
    })),
  );
  const files = ["a", "b", "c", "d"].map((name, n) =>
    uploadOf(name, Buffer.alloc(20 * mebi, `content ${n} of a file`)),
  );
  const items = await Promise.all(files.map((file) => linked.remote.upload(file)));
  const contents = await Promise.all(
    items.map(async ({ rev, size }) =>
      contentHashOf(Buffer.concat(await allOf(linked.remote.download(rev, 0, { size })))),
    ),
  );
  expect(contents).toEqual(files.map(({ hash }) => hash));
  expect(admin.fired().length).toBeGreaterThan(0);
});

const answersOf = (linked: Linked): number =>
  linked.routes.filter((route) => route === "files/download").length;

test("S66: a server that answers ranges with the whole gets one request for the rest", async () => {
  await using linked = await linkedServer();
  const item = await linked.remote.upload(uploadOf("big", large));
  linked.routes.length = 0;
  linked.intercept = async ({ route, init }, pass) => {
    if (route !== "files/download") return pass();
    const headers = new Headers(init?.headers);
    headers.delete("range");
    return linked.server.fetch(`https://content.dropboxapi.com/2/${route}`, { ...init, headers });
  };
  const bytes = await allOf(linked.remote.download(item.rev, 5, { size: item.size }));
  expect(Buffer.concat(bytes).equals(large.subarray(5))).toBe(true);
  expect(answersOf(linked)).toBe(6);
});

test("S66: another range, size or revision than was asked for is no answer", async () => {
  for (const change of [
    (headers: Headers) => headers.set("content-range", "bytes 1-4194304/18874368"),
    (headers: Headers) => headers.set("content-range", "bytes 0-4194303/18874369"),
    (headers: Headers) =>
      headers.set(
        "dropbox-api-result",
        (headers.get("dropbox-api-result") ?? "").replace(/"rev": ?"./u, '"rev":"f'),
      ),
  ]) {
    await using linked = await linkedServer();
    const item = await linked.remote.upload(uploadOf("big", large));
    linked.intercept = async ({ route }, pass) => {
      const answer = await pass();
      if (route !== "files/download") return answer;
      const headers = new Headers(answer.headers);
      change(headers);
      return new Response(answer.body, { status: answer.status, headers });
    };
    const asked = allOf(linked.remote.download(item.rev, 0, { size: item.size }));
    await expect(asked).rejects.toMatchObject({ code: "server-error" });
  }
});

test("S57: uploads that fail in the middle leave their lanes to the next one", async () => {
  await using linked = await linkedServer();
  linked.intercept = ({ route }, pass) =>
    route === "files/upload_session/append_v2" ? Promise.resolve(refused()) : pass();
  for (let count = 0; count < 20; count += 1) {
    const uploads = ["a", "b", "c", "d"].map((name) => linked.remote.upload(uploadOf(name, large)));
    for (const end of await Promise.allSettled(uploads)) expect(end.status).toBe("rejected");
  }
  linked.intercept = undefined;
  expect((await linked.remote.upload(uploadOf("big", large))).hash).toBe(contentHashOf(large));
});

const refused = (): Response =>
  Response.json({ error_summary: "too_large/", error: { ".tag": "too_large" } }, { status: 409 });

test("S66: leaving a large download ends its requests, and the next one has all the room", async () => {
  await using linked = await linkedServer();
  const item = await linked.remote.upload(uploadOf("big", large));
  for (let count = 0; count < 20; count += 1) {
    for await (const chunk of linked.remote.download(item.rev, 0, { size: item.size })) {
      expect(chunk.length).toBeGreaterThan(0);
      break;
    }
  }
  linked.routes.length = 0;
  const { size } = item;
  const bytes = await allOf(linked.remote.download(item.rev, 0, { size }));
  expect(contentHashOf(Buffer.concat(bytes))).toBe(item.hash);
  expect(answersOf(linked)).toBe(5);
});

test("S66: many large files come down by few requests, and right", async () => {
  await using linked = await linkedServer();
  const names = ["a", "b", "c", "d", "e", "f"];
  const items = await Promise.all(names.map((name) => linked.remote.upload(uploadOf(name, large))));
  linked.routes.length = 0;
  const hashes = await Promise.all(
    items.map(async ({ rev, size }) =>
      contentHashOf(Buffer.concat(await allOf(linked.remote.download(rev, 0, { size })))),
    ),
  );
  expect(hashes).toEqual(items.map(({ hash }) => hash));
  expect(answersOf(linked)).toBeLessThan(6 * 5);
});
