import { writeFileSync } from "node:fs";
import path from "node:path";
import { quietMs } from "../../src/core/live/schedule.ts";
import { DaemonBox } from "../../test/support/daemon-box.ts";
import { Api } from "./api.ts";
import { Served } from "./served.ts";
import { median, milliseconds, printFigure } from "./table.ts";

const rounds = 11;
const folder = "/saved";

/** From the save of a small file until the server has it, with everything as a user has it: three processes and a watcher. */
export async function benchSave(): Promise<void> {
  await using daemon = new DaemonBox();
  await using served = await Served.start(path.join(daemon.home, "server"), daemon.home);
  await daemon.run(0, "login", "--local", "--name", "Bench");
  await daemon.run(0, "link", daemon.box.workspace, folder);
  await daemon.run(0, "start");
  const api = new Api(served.url, served.token, 2);
  try {
    const times: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      await daemon.until("idle");
      times.push(await save(api, daemon, `note ${round}.txt`));
    }
    printFigure({
      what: "from a save to the server's log",
      aim: "",
      measured: milliseconds(median(times)),
      note: `${milliseconds(Math.min(...times))} at least; of these ${quietMs} ms are for quiet`,
    });
  } finally {
    api.close();
    await daemon.run(0, "stop");
  }
}

/** How long it takes until a listing of the account names a file, ms. */
async function save(api: Api, { box }: DaemonBox, name: string): Promise<number> {
  const everything = { path: "", recursive: true };
  let { cursor } = await api.rpc("files/list_folder/get_latest_cursor", everything);
  let changed = api.longpoll(cursor);
  const started = performance.now();
  writeFileSync(path.join(box.workspace, name), name);
  for (;;) {
    await changed;
    const elapsed = performance.now() - started;
    const page = await api.rpc("files/list_folder/continue", { cursor });
    const entries: readonly { readonly name: string }[] = page.entries;
    if (entries.some((entry) => entry.name === name)) return elapsed;
    ({ cursor } = page);
    changed = api.longpoll(cursor);
  }
}
