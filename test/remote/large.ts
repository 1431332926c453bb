import { expect } from "vitest";
import { at, uploadOf, type Linked } from "./linked.ts";

export const mebi = 1024 * 1024;

/** 18 MiB that differ everywhere: five parts, the last one short. */
export const large: Buffer = Buffer.alloc(
  18 * mebi,
  Buffer.from(Array.from({ length: 251 }, (_, n) => n)),
);

/** The calls for upload sessions, without what they begin with. */
export const sessionCalls = (linked: Linked): string[] =>
  linked.routes.flatMap((route) =>
    route.startsWith("files/upload_session/") ? [route.slice(21)] : [],
  );

export const countOf = (linked: Linked, name: string): number =>
  sessionCalls(linked).filter((route) => route === name).length;

/** The server has the large file. */
export async function checkLarge(linked: Pick<Linked, "remote">, name = "big"): Promise<void> {
  const item = await linked.remote.get(at(name));
  expect([item?.size, item?.hash]).toEqual([large.length, uploadOf(name, large).hash]);
}

type Argument = {
  readonly cursor: { readonly session_id: string; readonly offset: number };
  readonly close?: boolean;
  readonly content_hash?: string;
};

export const argumentOf = (init: RequestInit | undefined): Argument =>
  JSON.parse(new Headers(init?.headers).get("dropbox-api-arg") ?? "{}") as Argument;

/** What a server answers that knows no concurrent sessions; undefined for anything else. */
export const refuseConcurrent = ({
  route,
  init,
}: {
  readonly route: string;
  readonly init?: RequestInit | undefined;
}): Response | undefined =>
  route.endsWith("session/start") && "session_type" in argumentOf(init)
    ? new Response('Error in call: unknown field "session_type"', { status: 400 })
    : undefined;

/** What one call carries at the most. */
export const partBytes: number = 4 * mebi;
