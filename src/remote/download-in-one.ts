import { throwIfAborted } from "../std/error.ts";
import type { Client } from "./client.ts";
import { fromRemote } from "./errors.ts";
import { brokeOff, openDownload, tooLong, type Wanted } from "./open-download.ts";

/** A body that broke off after this many new bytes starts a new count of attempts: the line does work. */
const progressBytes = 8 * 1024 * 1024;

/** Bytes of a revision by one request, and by others from where it broke off. Nothing is read ahead of the caller. */
export async function* downloadInOne(client: Client, wanted: Wanted): AsyncGenerator<Uint8Array> {
  let { from } = wanted;
  for (let attempt = 1; ; attempt += 1) {
    const start = from;
    try {
      for await (const chunk of bytesFrom(client, { ...wanted, from })) {
        from += chunk.length;
        yield chunk;
      }
      return;
    } catch (error) {
      if (from - start >= progressBytes) attempt = 1;
      await client.recover(fromRemote(error, { what: "Downloading" }), attempt, wanted.work);
    }
  }
}

/** One request; ends early, with an error, where the body breaks off. What was not wanted of a longer one is left out. */
async function* bytesFrom(client: Client, wanted: Wanted): AsyncGenerator<Uint8Array> {
  const opened = await openDownload(client, wanted);
  if (opened === undefined) return;
  const { from, to = opened.size, work } = wanted;
  let { position } = opened;
  for await (const chunk of opened.body) {
    throwIfAborted(work?.signal);
    const wantedPart = chunk.subarray(Math.max(0, from - position), Math.max(0, to - position));
    position += chunk.length;
    if (position > opened.end) throw tooLong();
    if (wantedPart.length > 0) yield wantedPart;
    if (position >= to && to < opened.end) return;
  }
  if (position < opened.end) throw brokeOff();
}
