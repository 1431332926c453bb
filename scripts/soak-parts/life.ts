import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { Dropbox } from "dropbox";
import { openLocalSide } from "../../src/local/local-side.ts";
import { runServer, type RunningServer } from "../../src/server/run.ts";
import { describeError } from "../../src/std/error.ts";
import { seededRng, systemRng } from "../../src/std/random.ts";
import { systemClock } from "../../src/std/time.ts";
import { OneFile } from "../../test/crash/one-file.ts";
import { linkedFolder, markerOf, type SyncPlace } from "../../test/crash/sync-deps.ts";
import { Dice } from "../../test/support/sim/dice.ts";
import { Contents } from "../../test/support/world-contents.ts";
import { WorldCloud } from "../../test/support/world-cloud.ts";
import { WorldDisk } from "../../test/support/world-disk.ts";
import { CloudWriter } from "./cloud-writer.ts";
import { DiskWriter } from "./disk-writer.ts";
import type { LifeTold } from "./life-child.ts";
import { LifeClient } from "./life-client.ts";
import { Tokens } from "./tokens.ts";

const clientsCount = 3;
const filesInFolder = 100;
/** Acts of users between two checks. */
const actsCount = 120;
const actPauseMsMax = 60;
const killChance = 0.02;
const syncChance = 0.4;
/** Syncs of every client in turn after which there must be nothing left to do. */
const roundsMax = 15;
const quietMs = 10 * 60_000;

type Member = { readonly client: LifeClient; readonly world: WorldDisk; readonly user: DiskWriter };

/** Three clients of one account that go on for as long as the soak does, with users at all of them and on the server. */
export class Life implements AsyncDisposable {
  readonly log: string[] = [];
  readonly #folder: string;
  readonly #server: RunningServer;
  readonly #program: OneFile;
  readonly #contents = new Contents();
  readonly #tokens = new Tokens(0);
  readonly #dice = new Dice(seededRng(0));
  readonly #cloud: WorldCloud;
  readonly #cloudUser: CloudWriter;
  readonly #members: readonly Member[];

  private constructor(folder: string, server: RunningServer, program: OneFile) {
    this.#folder = folder;
    this.#server = server;
    this.#program = program;
    const account = server.server.addAccount({ name: "Anna Berg" }).id;
    const { accessToken, refreshToken } = server.server.issueToken(account);
    const sdk = new Dropbox({ accessToken, fetch: server.server.fetch });
    const shared = { contents: this.#contents, tokens: this.#tokens, dice: this.#dice };
    this.#cloud = new WorldCloud(sdk, linkedFolder, this.#contents);
    this.#cloudUser = new CloudWriter({ ...shared, sdk, top: linkedFolder });
    this.#members = Array.from({ length: clientsCount }, (_, number) => {
      const top = path.join(folder, `workspace${number}`);
      fs.mkdirSync(top);
      const link = `${number}`.repeat(markerOf.link.length);
      const index = path.join(folder, `index${number}.db`);
      const place: SyncPlace = { top, index, account, refreshToken, aheadMs: 0, link };
      const outside = path.join(folder, `outside${number}`);
      return {
        client: new LifeClient({ program, place, port: server.port }),
        world: new WorldDisk(top, this.#contents),
        user: new DiskWriter({ ...shared, top, outside }),
      };
    });
  }

  /** With so many files on all sides. */
  static async open(files: number): Promise<Life> {
    const [clock, rng] = [systemClock, systemRng];
    const server = await runServer({ data: ":memory:", clock, rng, tls: "http", port: 0 });
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "snap-life-"));
    const program = await OneFile.make(path.join(import.meta.dirname, "life-child.ts"));
    const life = new Life(folder, server, program);
    for (const [number, { world }] of life.#members.entries()) {
      const link = `${number}`.repeat(markerOf.link.length);
      const side = openLocalSide({ top: world.top, clock, rng });
      await side.writeMarker({ ...markerOf, link, generation: 0 });
    }
    const [first] = life.#members;
    for (let file = 0; file < files; file += 1) {
      const folderOf = `d${Math.floor(file / filesInFolder)}`;
      first?.world.write(`${folderOf}/f${file}`, life.#tokens.next());
    }
    await life.#settle();
    return life;
  }

  /**
   * Users act for a while, clients sync beside them and are killed now and then; then it is quiet, and everything is looked
   * at: no difference, no loss, nothing twice, no growth.
   *
   * @returns what is wrong, with what was done before
   */
  async interval(seed: number): Promise<string | undefined> {
    this.#dice.reseed(seededRng(seed));
    this.log.length = 0;
    try {
      await this.#act();
      await this.#settle();
      return undefined;
    } catch (error) {
      const told = error instanceof Error ? (error.stack ?? error.message) : describeError(error);
      return `${told}\nwhat was done since the last check:\n${this.log.join("\n")}`;
    }
  }

  async #act(): Promise<void> {
    const syncs = new Map<number, Promise<unknown>>();
    let failure: Error | undefined;
    for (let act = 0; act < actsCount && failure === undefined; act += 1) {
      const number = this.#dice.below(clientsCount);
      const { client, user } = this.#member(number);
      const did = this.#dice.chance(0.25) ? await this.#cloudUser.act() : user.act();
      if (did !== "") this.log.push(`${number}: ${did}`);
      if (this.#dice.chance(syncChance) && !syncs.has(number)) {
        const ended = client.sync(0).catch((error: unknown) => {
          failure = error instanceof Error ? error : new Error(describeError(error));
        });
        syncs.set(
          number,
          ended.finally(() => syncs.delete(number)),
        );
      }
      // The first one lives on, so that it can grow old.
      if (number > 0 && this.#dice.chance(killChance)) {
        client.kill();
        this.log.push(`${number}: killed`);
      }
      await pause(this.#dice.below(actPauseMsMax));
    }
    await Promise.all(syncs.values());
    if (failure !== undefined) throw failure;
  }

  async #settle(): Promise<void> {
    for (let round = 0; round < roundsMax; round += 1) {
      const told: LifeTold[] = [];
      for (const { client } of this.#members) {
        const one = await client.sync(round < 2 ? quietMs : 0);
        if (one === undefined) throw new Error("Somebody else kills clients");
        told.push(one);
      }
      if (round > 1 && told.every(({ cycles }) => cycles === 1)) return await this.#check(told);
    }
    throw new Error("The clients do not come to rest");
  }

  async #check(told: readonly LifeTold[]): Promise<void> {
    const all = await this.#cloud.all();
    const remote = linesOf(await this.#cloud.tree());
    const kept = [...all.values()];
    for (const [number, { world }] of this.#members.entries()) {
      assert.deepEqual(linesOf(world.tree()), remote, `client ${number} and the server`);
      assert.deepEqual([...world.own("staging").keys()], [], `staging of client ${number}`);
      kept.push(...world.tree().values(), ...world.own("trash").values());
    }
    assert.deepEqual(this.#contents.lost(new Set(kept)), [], "contents that are nowhere");
    const staged = [...all.keys()].filter((name) => name.includes(".snap-tmp-"));
    assert.deepEqual(staged, [], "names of ours on the server");
    const contents = remote
      .filter((line) => !line.endsWith(" "))
      .map((line) => line.split(" ").at(-1));
    assert.equal(new Set(contents).size, contents.length, "contents that are there twice");
    const grown = this.#members.map(({ client }, number) => {
      const one = told[number];
      return one === undefined ? undefined : client.check(one);
    });
    assert.deepEqual(
      grown,
      this.#members.map(() => undefined),
      "what clients hold",
    );
  }

  #member(number: number): Member {
    const member = this.#members[number];
    if (member === undefined) throw new Error("no such client");
    return member;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { client } of this.#members) client.kill();
    await this.#server.close({ graceMs: 0 });
    this.#program[Symbol.dispose]();
    fs.rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** One line an entry: its path and its content. */
function linesOf(tree: ReadonlyMap<string, string>): string[] {
  return [...tree].map(([name, hash]) => `${name} ${hash}`).toSorted();
}
