import { expect, test } from "vitest";
import { heldBytes } from "../support/heap.ts";
import { code } from "./faulty.ts";
import { at, linkedServer, uploadOf, type Linked } from "./linked.ts";

const mebibyte = 1024 * 1024;

/** The longest answer that is read, and what may be on its way when that is reached (X13). */
const takenMax = 18 * mebibyte;

/** An answer of 64 MiB that is sound JSON from its first byte to its last, and how much of it was taken. */
function giant(
  head: string,
  tail: string,
  status: number,
): { answer: Response; taken: () => number } {
  const padding = new Uint8Array(mebibyte).fill(120);
  let [chunks, taken] = [0, 0];
  const next = (): Uint8Array => {
    if (chunks === 0) return Buffer.from(head);
    return chunks <= 64 ? padding : Buffer.from(tail);
  };
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      const bytes = next();
      chunks += 1;
      taken += bytes.length;
      controller.enqueue(bytes);
      if (chunks > 65) controller.close();
    },
  });
  const headers = { "content-type": "application/json" };
  return { answer: new Response(body, { status, headers }), taken: () => taken };
}

const entry = `{"entries":[{".tag":"folder","id":"id:1","path_lower":"/a","name":"`;

type Case = readonly [what: string, route: string, call: (linked: Linked) => Promise<unknown>];

const calls: readonly Case[] = [
  [
    "a listing",
    "files/list_folder",
    async ({ remote }) => await Array.fromAsync(remote.pages(undefined)),
  ],
  ["metadata", "files/get_metadata", async ({ remote }) => await remote.get(at("a"))],
  [
    "a new folder",
    "files/create_folder_v2",
    async ({ remote }) => await remote.makeFolder(at("a")),
  ],
  ["an upload", "files/upload", async ({ remote }) => await remote.upload(uploadOf("a", "x"))],
  ["the account", "users/get_current_account", async ({ remote }) => await remote.account()],
  ["a token", "oauth2/token", async ({ remote }) => await remote.get(at("a"))],
];

const cases = calls.flatMap(([what, route, call]) =>
  [200, 409, 500].map((status) => ({ what, route, call, status })),
);

test.each(cases)(
  "X13: an answer $status of 64 MiB is refused after 16, whatever was asked: $what",
  async ({ status, route, call }) => {
    await using linked = await linkedServer();
    const sizes: (() => number)[] = [];
    linked.intercept = async (request, pass) => {
      if (!request.route.endsWith(route)) return pass();
      const { answer, taken } = giant(entry, `"}],"cursor":"c","has_more":false}`, status);
      sizes.push(taken);
      return answer;
    };
    await expect(call(linked)).rejects.toThrow(code("remote-error"));
    expect(sizes.length).toBeGreaterThan(0);
    for (const taken of sizes) expect(taken()).toBeLessThanOrEqual(takenMax);
  },
);

test("X13: what an error answer says is in the message only in part", async () => {
  await using linked = await linkedServer();
  linked.intercept = async ({ route }, pass) =>
    route === "files/get_metadata" ? new Response("x".repeat(mebibyte), { status: 400 }) : pass();
  const error = await linked.remote.get(at("a")).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(Error);
  expect(String(error).length).toBeLessThan(1_000);
});

/** Short entries, so that a page with so many is within the bound. */
const pageText = (cursor: number, isLast: boolean): string => {
  const entries = Array.from(
    { length: 100_000 },
    (_, at) => `{".tag":"folder","id":"id:${cursor}.${at}","name":"${at}","path_lower":"/${at}"}`,
  );
  return `{"entries":[${entries.join()}],"cursor":"${cursor}","has_more":${!isLast}}`;
};

test("X13, S107: of pages with 100,000 entries each none is kept when the next is taken", async () => {
  await using linked = await linkedServer();
  const pagesCount = 4;
  let page = 0;
  linked.intercept = async ({ route }, pass) => {
    if (!route.startsWith("files/list_folder")) return pass();
    page += 1;
    return new Response(pageText(page, page === pagesCount));
  };
  const held: number[] = [];
  for await (const { changes } of linked.remote.pages(undefined)) {
    expect(changes).toHaveLength(100_000);
    held.push(await heldBytes());
  }
  const [first = 0, ...others] = held;
  expect(others).toHaveLength(pagesCount - 1);
  // Each of them holds one page, and a second one would be as much again.
  for (const bytes of others) expect(bytes - first).toBeLessThan(16 * mebibyte);
}, 120_000);

test("X13: a listing of more than 10,000,000 entries ends in an error, and asks for no more", async () => {
  await using linked = await linkedServer();
  // What is no description of anything is an entry, too.
  const entries = Array.from({ length: 100_000 }, () => "0").join();
  const text = `{"entries":[${entries}],"cursor":"c","has_more":true}`;
  let pages = 0;
  linked.intercept = async ({ route }, pass) => {
    if (!route.startsWith("files/list_folder")) return pass();
    pages += 1;
    return new Response(text);
  };
  const listed = async (): Promise<void> => {
    for await (const { changes } of linked.remote.pages(undefined)) {
      expect(changes).toHaveLength(100_000);
    }
  };
  await expect(listed()).rejects.toThrow(code("remote-error"));
  expect(pages).toBe(101);
}, 240_000);
