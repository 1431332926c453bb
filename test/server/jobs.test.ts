import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { listAccounts } from "../../src/server/accounts/account.ts";
import { appOf } from "../../src/server/accounts/apps.ts";
import { Tokens } from "../../src/server/accounts/tokens.ts";
import {
  copyAll,
  copyBatch,
  createFolders,
  deleteBatch,
  moveBatch,
} from "../../src/server/files/batches.ts";
import { checkOf } from "../../src/server/files/jobs.ts";
import { finishBatchAsJob } from "../../src/server/files/session-batches.ts";
import { startSessions } from "../../src/server/files/sessions.ts";
import { defaultLimits } from "../../src/server/limits.ts";
import { BlockStore } from "../../src/server/store/blocks.ts";
import { openDatabase } from "../../src/server/store/database.ts";
import { viewOf } from "../../src/server/tree/view.ts";
import { Waiters } from "../../src/server/tree/waiters.ts";
import { Argument } from "../../src/server/wire/argument.ts";
import { readTree } from "../../src/server/wire/call.ts";
import type { Call, Services } from "../../src/server/wire/call.ts";
import type { Json } from "../../src/server/wire/failure.ts";
import { openPassage } from "../../src/server/wire/interposer.ts";
import type { Disturbance } from "../../src/server/wire/interposer.ts";
import { seededRng } from "../../src/std/random.ts";
import { CheckedServer, SetClock } from "../support/checked-server.ts";
import type { Answer } from "../support/checked-server.ts";

const batches = {
  create_folder_batch: { paths: ["/A"], force_async: true },
  delete_batch: { entries: [{ path: "/x" }] },
  copy_batch: { entries: [{ from_path: "/x", to_path: "/y" }] },
  copy_batch_v2: { entries: [{ from_path: "/x", to_path: "/y" }] },
  move_batch: { entries: [{ from_path: "/x", to_path: "/y" }] },
  move_batch_v2: { entries: [{ from_path: "/x", to_path: "/y" }] },
  "upload_session/finish_batch": { entries: [] },
};

const launch = async (checked: CheckedServer, route: keyof typeof batches): Promise<string> =>
  (await checked.rpc(`files/${route}`, batches[route])).json.async_job_id;

const checkName = (route: string): string =>
  `files/${route.endsWith("_v2") ? `${route.slice(0, -3)}/check_v2` : `${route}/check`}`;

const check = (checked: CheckedServer, route: string, async_job_id: string) =>
  checked.rpc(checkName(route), { async_job_id });

const checkAs = (checked: CheckedServer, token: string, [route, id]: [string, string]) =>
  checked.rpc(checkName(route), { async_job_id: id }, { token });

const invalid = { ".tag": "invalid_async_job_id" };

test("Choice 24: a job is known to the check of its own family only, and to its own account", async () => {
  await using checked = await CheckedServer.open();
  const routes = Object.keys(batches) as (keyof typeof batches)[];
  const other = checked.server.addAccount({ name: "Bo" });
  const { accessToken } = checked.server.issueToken(other.id);
  for (const route of routes) {
    const id = await launch(checked, route);
    expect(id).toMatch(/^dbjid:AA[\w-]{82}$/);
    for (const asked of routes) {
      const answer = await check(checked, asked, id);
      if (asked === route) expect(["complete", "failed"]).toContain(answer.json[".tag"]);
      else expect(answer.json.error, `${route} at ${asked}`).toEqual(invalid);
    }
    expect((await checkAs(checked, accessToken, [route, id])).json.error).toEqual(invalid);
  }
  expect((await check(checked, "delete_batch", "dbjid:none")).json.error).toEqual(invalid);
});

test("V45: a job can be asked for as often as wanted for a day, also after a restart", async () => {
  const data = await mkdtemp(join(tmpdir(), "snap-jobs-"));
  const clock = new SetClock();
  let id = "";
  let first: Answer["json"];
  {
    await using checked = await CheckedServer.open({ data, clock });
    id = await launch(checked, "create_folder_batch");
    first = (await check(checked, "create_folder_batch", id)).json;
    expect(first).toMatchObject({ ".tag": "complete", entries: [{ ".tag": "success" }] });
  }
  {
    await using checked = await CheckedServer.open({ data, clock, seed: 2 });
    const ask = async () => {
      const { accessToken } = checked.server.issueToken(checked.accountId);
      return (await checkAs(checked, accessToken, ["create_folder_batch", id])).json;
    };
    clock.seconds += 86_399;
    expect(await ask()).toEqual(first);
    expect(await ask()).toEqual(first);
    clock.seconds += 1;
    expect((await ask()).error).toEqual(invalid);
  }
  await rm(data, { recursive: true });
});

/** The parts of a server by hand, for calls that are disturbed, or that find the disk full. */
class Inside {
  readonly #rng = seededRng(1);
  readonly #database = openDatabase(":memory:", this.#rng);
  readonly #services: Services = {
    database: this.#database,
    blocks: new BlockStore(this.#database, undefined, this.#rng),
    tokens: new Tokens(this.#database, this.#rng),
    clock: new SetClock(),
    rng: this.#rng,
    limits: defaultLimits,
    waiters: new Waiters(),
    interposer: openPassage,
  };

  constructor() {
    this.#database.run(
      "INSERT INTO accounts (id, name, email, namespace) VALUES ('dbid:a', 'Anna', 'a@b.c', 7)",
    );
  }

  call(argument: Json, disturbance: Disturbance = {}): Call {
    const [account] = listAccounts(this.#database);
    if (account === undefined) throw new Error("There is an account");
    return {
      services: this.#services,
      argument: new Argument(argument),
      request: new Request("http://localhost/"),
      disturbance,
      app: appOf(this.#database, "snap"),
      account,
      view: viewOf(account.namespace),
      authorisation: 1,
    };
  }

  isThere(key: string): boolean {
    return readTree(this.call({})).isTaken(key);
  }

  fillDisk(pagesLeft: number): void {
    const pages = Number(this.#database.first("PRAGMA page_count")?.["page_count"]);
    this.#database.first(`PRAGMA max_page_count = ${pages + pagesLeft}`);
  }
}

const folders = (count: number): string[] => Array.from({ length: count }, (_, at) => `/n${at}`);

test("V74: a job says in_progress as often as it is told, although its work is done", async () => {
  const inside = new Inside();
  const paths = { paths: ["/A"], autorename: false, force_async: true };
  const { async_job_id = null } = await createFolders(inside.call(paths, { jobPolls: 2 }));
  expect(inside.isThere("/a")).toBe(true);
  const ask = () => checkOf("create_folder_batch")(inside.call({ async_job_id }));
  expect(await ask()).toEqual({ ".tag": "in_progress" });
  expect(await ask()).toEqual({ ".tag": "in_progress" });
  const done = { ".tag": "complete", entries: [{ ".tag": "success" }] };
  expect(await ask()).toMatchObject(done);
  expect(await ask()).toMatchObject(done);
});

test("V37: a batch that finds the disk full does nothing, and each entry says so", async () => {
  const inside = new Inside();
  inside.fillDisk(6);
  const full = { ".tag": "insufficient_space" };
  const failed = (failure: object) => ({ ".tag": "failure", failure });
  const paths = { paths: folders(400), autorename: false, force_async: true };
  const made = await createFolders(inside.call(paths));
  expect(made).toEqual({
    ".tag": "complete",
    entries: folders(400).map(() => failed({ ".tag": "path", path: full })),
  });
  expect(inside.isThere("/n0")).toBe(false);
  const deleted = await deleteBatch(
    inside.call({ entries: folders(1000).map((path) => ({ path })) }),
  );
  expect(deleted).toMatchObject({
    ".tag": "complete",
    entries: { length: 1000, 0: failed({ ".tag": "path_write", path_write: full }) },
  });
  const relocations = folders(400).map((path) => ({ from_path: path, to_path: `${path}x` }));
  const entry = failed({
    ".tag": "relocation_error",
    relocation_error: { ".tag": "to", to: full },
  });
  for (const batch of [copyBatch, moveBatch]) {
    const moved = await batch(inside.call({ entries: relocations, autorename: false }));
    expect(moved).toMatchObject({ ".tag": "complete", entries: { length: 400, 399: entry } });
  }
  const finished = await finishBatchAsJob(
    inside.call({
      entries: folders(400).map((path) => ({
        cursor: { session_id: "none", offset: 0 },
        commit: { path, mode: { ".tag": "add" }, autorename: false, strict_conflict: false },
      })),
    }),
  );
  expect(finished).toMatchObject({
    ".tag": "complete",
    entries: { length: 400, 0: failed({ ".tag": "path", path: full }) },
  });
});

test("V37: a full disk fails what starts sessions, and a job that there is no room for", async () => {
  const inside = new Inside();
  inside.fillDisk(1);
  const unavailable = { error: { ".tag": "insufficient_space" } };
  const sessions = startSessions(inside.call({ num_sessions: 1000 }));
  await expect(sessions).rejects.toMatchObject(unavailable);
  const relocations = folders(1000).map((path) => ({ from_path: path, to_path: `${path}x` }));
  // The first entry fails, and for the job that says so there is room, until there is none.
  const batch = { entries: relocations, autorename: false };
  const failures: unknown[] = [];
  for (let count = 0; count < 100 && failures.length === 0; count += 1) {
    await copyAll(inside.call(batch)).catch((error: unknown) => failures.push(error));
  }
  expect(failures).toMatchObject([unavailable]);
});
