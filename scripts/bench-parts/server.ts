import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import path from "node:path";
import { openServer } from "../../src/server/serve.ts";
import { systemRng } from "../../src/std/random.ts";
import { systemClock } from "../../src/std/time.ts";
import { Api } from "./api.ts";
import { flushesPerSecond, hashedPerSecond, sentPerSecond } from "./machine.ts";
import { Served } from "./served.ts";
import { medianMs, printFigure, timeMs } from "./table.ts";

const connections = 16;
const smallBytes = 1024;
const mebibyte = 1024 * 1024;

/**
 * The figures that docs/server.md aims at, over loopback HTTP, client and server on the same cores. The data lies beside
 * the project, because /tmp may be memory.
 */
export async function benchServer(nodes: number): Promise<void> {
  const home = mkdtempSync(path.join(import.meta.dirname, "../../.bench-"));
  try {
    printFigure({ what: "what", aim: "aim", measured: "measured" });
    await benchMachine(home);
    await benchMemory(home);
    await benchDisk(home, nodes);
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

async function benchMachine(home: string): Promise<void> {
  const flushes = flushesPerSecond(home);
  printFigure({ what: "this disk: flushes, one by one", aim: "", measured: perSecond(flushes) });
  printFigure({ what: "this core: SHA-256", aim: "", measured: megabytes(hashedPerSecond()) });
  const sent = await sentPerSecond();
  printFigure({
    what: "Node's HTTP to a server that drops it",
    aim: "",
    measured: megabytes(sent),
  });
}

async function benchMemory(home: string): Promise<void> {
  await using served = await Served.start(":memory:", home);
  await onApi(served, async (api) => {
    const rate = await smallUploads(api, 6000);
    printFigure({
      what: "uploads of 1 KiB, in memory",
      aim: "≥ 1500/s",
      measured: perSecond(rate),
    });
  });
}

async function benchDisk(home: string, nodes: number): Promise<void> {
  const data = path.join(home, "data");
  {
    await using served = await Served.start(data, home);
    const { startMs } = served;
    printFigure({ what: "start, nothing stored", aim: "", measured: `${startMs.toFixed(0)} ms` });
    await onApi(served, async (api) => {
      await writes(api);
      await largeFile(api);
      await listing(api, nodes);
      await memory(api, served, nodes);
    });
  }
  await starts(data, home, nodes);
}

async function writes(api: Api): Promise<void> {
  const rate = await smallUploads(api, 3000);
  printFigure({ what: "uploads of 1 KiB, durable", aim: "≥ 400/s", measured: perSecond(rate) });
  const batch = await medianMs(5, () => batchUpload(api));
  printFigure({ what: "1,000 files of 1 KiB in a batch", aim: "≤ 700 ms", measured: ms(batch) });
}

async function smallUploads(api: Api, files: number): Promise<number> {
  const run = randomBytes(4).toString("hex");
  let next = 0;
  const upload = async (): Promise<void> => {
    while (next < files) {
      const file = next++;
      const argument = { path: `/${run}/${file % 50}/${file}` };
      await api.upload("files/upload", argument, [randomBytes(smallBytes)]);
    }
  };
  const elapsed = await timeMs(() => Promise.all(Array.from({ length: connections }, upload)));
  return files / (elapsed / 1000);
}

async function batchUpload(api: Api, top = "/batch"): Promise<void> {
  const files = 1000;
  const run = randomBytes(4).toString("hex");
  const { session_ids: ids } = await api.rpc("files/upload_session/start_batch", {
    num_sessions: files,
  });
  const cursors: { session_id: string; offset: number }[] = ids.map((id: string) => ({
    session_id: id,
    offset: 0,
  }));
  const parts = cursors.map((cursor) => ({ cursor, length: smallBytes, close: true }));
  const body = [randomBytes(files * smallBytes)];
  await api.upload("files/upload_session/append_batch", { entries: parts }, body);
  await api.rpc("files/upload_session/finish_batch_v2", {
    entries: cursors.map(({ session_id }, index) => ({
      cursor: { session_id, offset: smallBytes },
      commit: { path: `${top}/${run}/${index}` },
    })),
  });
}

async function largeFile(api: Api): Promise<void> {
  const partBytes = 128 * mebibyte;
  const parts = 8;
  const noise = randomBytes(8 * mebibyte);
  let count = 0;
  const pieces = function* (): Generator<Uint8Array> {
    for (let sent = 0; sent < partBytes; sent += noise.length) {
      noise.writeUInt32LE((count += 1), 0);
      noise.writeUInt32LE(count, 4 * mebibyte);
      yield Buffer.from(noise);
    }
  };
  const path = "/large.bin";
  const up = await timeMs(async () => {
    const start = await api.upload("files/upload_session/start", {}, []);
    for (let part = 0; part < parts; part += 1) {
      const cursor = { session_id: start.session_id, offset: part * partBytes };
      await api.upload("files/upload_session/append_v2", { cursor }, pieces());
    }
    const cursor = { session_id: start.session_id, offset: parts * partBytes };
    await api.upload("files/upload_session/finish", { cursor, commit: { path } }, []);
  });
  const megabytesSent = (parts * partBytes) / 1e6;
  const upRate = megabytesSent / (up / 1000);
  printFigure({ what: "one file of 1 GiB, up", aim: "≥ 250 MB/s", measured: megabytes(upRate) });
  const down = await medianMs(3, async () => void (await api.download(path)));
  const downRate = megabytesSent / (down / 1000);
  printFigure({
    what: "one file of 1 GiB, down",
    aim: "≥ 500 MB/s",
    measured: megabytes(downRate),
  });
}

async function listing(api: Api, nodes: number): Promise<void> {
  await fill(api, 100_000);
  const list = await medianMs(3, async () => void (await listAll(api, "/tree")));
  printFigure({ what: "list 100,000 entries, every page", aim: "≤ 2 s", measured: ms(list) });
  await fill(api, nodes, 100_000);
  const { cursor } = await api.rpc("files/list_folder/get_latest_cursor", {
    path: "",
    recursive: true,
  });
  await change(api);
  const next = await medianMs(15, () => api.rpc("files/list_folder/continue", { cursor }));
  const what = `continue after one change among ${nodes.toLocaleString("en")} nodes`;
  printFigure({ what, aim: "≤ 5 ms", measured: ms(next) });
  const polled = await medianMs(9, () => longpollOnce(api));
  printFigure({ what: "longpoll answer after a write", aim: "≤ 20 ms", measured: ms(polled) });
}

/** Copies of a folder of 10,000 nodes fill the account fast. */
async function fill(api: Api, nodes: number, from = 0): Promise<void> {
  if (from === 0) {
    for (let batch = 0; batch < 9; batch += 1) await batchUpload(api, "/seed");
    await api.rpc("files/move_v2", { from_path: "/seed", to_path: "/tree/0" });
    from = 9000;
  }
  const perCopy = 9011;
  for (let copied = from; copied < nodes; copied += perCopy) {
    const to = `/tree/${copied}`;
    await api.rpc("files/copy_v2", { from_path: "/tree/0", to_path: to });
  }
}

async function listAll(api: Api, folder: string): Promise<number> {
  let page = await api.rpc("files/list_folder", { path: folder, recursive: true, limit: 2000 });
  let entries = page.entries.length;
  while (page.has_more) {
    page = await api.rpc("files/list_folder/continue", { cursor: page.cursor });
    entries += page.entries.length;
  }
  return entries;
}

async function change(api: Api): Promise<void> {
  const path = `/changed/${randomBytes(4).toString("hex")}`;
  await api.upload("files/upload", { path }, [randomBytes(smallBytes)]);
}

async function longpollOnce(api: Api): Promise<void> {
  const latest = { path: "", recursive: true };
  const { cursor } = await api.rpc("files/list_folder/get_latest_cursor", latest);
  const answer = api.longpoll(cursor);
  await change(api);
  await answer;
}

async function memory(api: Api, served: Served, nodes: number): Promise<void> {
  const noise = randomBytes(32 * mebibyte);
  await Promise.all(
    Array.from({ length: connections }, (_, index) => {
      const body = Buffer.from(noise);
      // No block is like another, else all but the first would only be compared.
      for (let at = 0; at < body.length; at += 4 * mebibyte) body.writeUInt32LE(index, at);
      return api.upload("files/upload", { path: `/many/${index}` }, [body]);
    }),
  );
  const { now, peak } = served.memory();
  const what = `memory with ${nodes.toLocaleString("en")} nodes, 16 uploads`;
  printFigure({ what, aim: "≤ 250 MiB", measured: `${now} MiB`, note: `${peak} at most` });
}

async function starts(data: string, home: string, nodes: number): Promise<void> {
  const count = nodes.toLocaleString("en");
  {
    await using served = await Served.start(data, home);
    const measured = ms(served.startMs);
    const what = `start of snap server with ${count} nodes`;
    printFigure({ what, aim: "≤ 300 ms", measured, note: "with the start of Node" });
  }
  const opened = await medianMs(5, async () => {
    const server = await openServer({ data, clock: systemClock, rng: systemRng });
    await server.close();
  });
  const what = "opening and closing in the process";
  printFigure({ what, aim: "≤ 30 ms", measured: ms(opened) });
}

async function onApi(served: Served, work: (api: Api) => Promise<void>): Promise<void> {
  const api = new Api(served.url, served.token, connections);
  try {
    await work(api);
  } finally {
    api.close();
  }
}

const perSecond = (rate: number): string => `${rate.toFixed(0)}/s`;
const megabytes = (rate: number): string => `${rate.toFixed(0)} MB/s`;
const ms = (time: number): string => `${time < 10 ? time.toFixed(1) : time.toFixed(0)} ms`;
