/** Small files that are uploaded together. */
import { expect } from "vitest";
import type { RemoteItem, SmallUpload } from "../../src/core/tree/remote-item.ts";
import { SnapError } from "../../src/std/error.ts";
import { noNetwork } from "./faulty.ts";
import { at, uploadOf, type Interceptor, type Linked } from "./linked.ts";

/** One of them. */
export function small(path: string, content: string, more: Partial<SmallUpload> = {}): SmallUpload {
  const { resume: _, ...upload } = uploadOf(path, content);
  return { ...upload, bytes: Buffer.from(content), ...more };
}

/** So many, in three folders, with texts of their own. */
export const texts = (count: number): SmallUpload[] =>
  Array.from({ length: count }, (_, n) => small(`d${n % 3}/f${n}`, `text ${n} `.repeat(n % 7)));

/** Every file has its text, and nothing else is there. */
export async function checkAll(linked: Linked, requests: readonly SmallUpload[]): Promise<void> {
  const items = new Map<string, RemoteItem>();
  for await (const item of linked.remote.list(at(""), { recursive: true })) {
    if (item.kind === "file") items.set(item.path, item);
  }
  expect([...items.keys()].toSorted()).toEqual(requests.map(({ path }) => path).toSorted());
  for (const { path, hash } of requests) expect(items.get(path)?.hash).toBe(hash);
}

/** What was made of all of them. @throws the error of the first that failed */
export const itemsOf = (results: readonly (RemoteItem | SnapError)[]): RemoteItem[] =>
  results.map((result) => {
    if (result instanceof SnapError) throw result;
    return result;
  });

/** The answer of the first calls of these routes is lost after the server has done them. */
export function losing(routes: readonly string[]): Interceptor {
  const left = [...routes];
  return async ({ route }, pass) => {
    const answer = await pass();
    const place = left.findIndex((name) => route.endsWith(name));
    if (place < 0) return answer;
    left.splice(place, 1);
    throw noNetwork();
  };
}
