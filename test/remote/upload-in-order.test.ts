import { expect, test } from "vitest";
import type { UploadSession } from "../../src/core/tree/remote-item.ts";
import { failure, linkedServer, uploadOf } from "./linked.ts";
import { code } from "./faulty.ts";
import { checkLarge, large, mebi, partBytes, refuseConcurrent, sessionCalls } from "./large.ts";

test("S57: a server that refuses concurrent sessions gets the parts in order", async () => {
  await using linked = await linkedServer();
  linked.intercept = async (request, pass) => refuseConcurrent(request) ?? pass();
  const notes: UploadSession[] = [];
  await linked.remote.upload(
    uploadOf("big", large, { onSession: (session) => notes.push(session) }),
  );
  await checkLarge(linked);
  expect(sessionCalls(linked)).toEqual([
    "start",
    "start",
    ...Array<string>(5).fill("append_v2"),
    "finish",
  ]);
  expect(notes.map(({ kind }) => kind)).toEqual(Array(6).fill("sequential"));
  expect(notes.map(({ acknowledged }) => acknowledged.at(-1)?.to ?? 0)).toEqual(
    [0, 4, 8, 12, 16, 18].map((size) => size * mebi),
  );
});

test("S57: in order, an append whose answer was lost goes on at the server's offset", async () => {
  await using linked = await linkedServer();
  let count = 0;
  linked.intercept = async (request, pass) => {
    const answer = refuseConcurrent(request) ?? (await pass());
    if (!request.route.endsWith("append_v2")) return answer;
    count += 1;
    if (count === 2) throw new TypeError("terminated");
    return answer;
  };
  await linked.remote.upload(uploadOf("big", large));
  await checkLarge(linked);
  expect(count).toBe(6);
});

test("S57: in order, an earlier run's session is resumed where the server is, not where we were", async () => {
  await using linked = await linkedServer();
  const notes: UploadSession[] = [];
  linked.intercept = async (request, pass) => refuseConcurrent(request) ?? pass();
  const onSession = (session: UploadSession): void => {
    notes.push(session);
    if (session.acknowledged.at(-1)?.to === 12 * mebi) throw new Error("killed");
  };
  await expect(linked.remote.upload(uploadOf("big", large, { onSession }))).rejects.toThrow(
    "killed",
  );
  // The last note may be lost with the process.
  const resume = notes.at(-2);
  linked.routes.length = 0;
  const reads = new Set<number>();
  const whole = uploadOf("big", large, { resume });
  const read = async (offset: number, lengthMax: number): Promise<Uint8Array> => {
    reads.add(Math.floor(offset / partBytes) * (partBytes / mebi));
    return whole.read(offset, lengthMax);
  };
  await linked.remote.upload({ ...whole, read });
  await checkLarge(linked);
  expect(sessionCalls(linked)).toEqual(["append_v2", "append_v2", "append_v2", "finish"]);
  expect([...reads].toSorted((one, other) => one - other)).toEqual([8, 12, 16]);
});

test("a server that names wrong offsets for ever ends in an error", async () => {
  await using linked = await linkedServer();
  linked.intercept = async (request, pass) => {
    if (!request.route.endsWith("append_v2")) return refuseConcurrent(request) ?? pass();
    return failure(409, { ".tag": "incorrect_offset", correct_offset: 0 });
  };
  await expect(linked.remote.upload(uploadOf("big", large))).rejects.toThrow(code("server-error"));
});
