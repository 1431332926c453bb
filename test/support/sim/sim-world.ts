import { createHash } from "node:crypto";
import { seededRng } from "../../../src/std/random.ts";
import { CloudUser } from "./cloud-user.ts";
import { Dice } from "./dice.ts";
import { actOn } from "./disk-acts.ts";
import { DiskUser, untouched } from "./disk-user.ts";
import { Epoch } from "./epoch.ts";
import { Ledger } from "./ledger.ts";
import { MemoryCloud } from "./memory-cloud.ts";
import { MemoryRemote } from "./memory-remote.ts";
import { shapeOfCloud } from "./oracle.ts";
import { Scheduler } from "./scheduler.ts";
import { SimClient, type ClientWorld } from "./sim-client.ts";
import { usualDisk, type DiskSettings } from "./volume.ts";
import { Weather } from "./weather.ts";

const startMs = Date.UTC(2026, 0, 5, 9);

const actsInMomentMax = 4;
/** Share of the acts in such a moment that meet the very place of the call under way. */
const aimedShare = 0.8;

/** Devices, users, a server and the way between them, all from one seed (S111). */
export class SimWorld {
  readonly dice: Dice;
  readonly scheduler: Scheduler;
  readonly cloud: MemoryCloud = new MemoryCloud();
  readonly ledger: Ledger = new Ledger();
  readonly clients: SimClient[] = [];
  /** Of each client, in their order. */
  readonly users: DiskUser[] = [];
  readonly cloudUser: CloudUser;
  readonly problems: string[] = [];
  readonly epoch: Epoch;
  readonly weather: Weather;

  constructor(seed: number) {
    this.dice = new Dice(seededRng(seed));
    this.scheduler = new Scheduler(this.dice, startMs);
    this.weather = new Weather(this.dice);
    const shared = { dice: this.dice, ledger: this.ledger };
    this.cloudUser = new CloudUser(this.cloud, { ...shared, now: this.scheduler.now });
    const count = this.dice.pick([1, 1, 1, 1, 2, 2, 2, 2, 3, 3]);
    for (let number = 1; number <= count; number += 1) this.#addClient(`c${number}`);
    this.epoch = new Epoch(this.cloud, this.users);
  }

  /** The user at a client does something. */
  act(client: SimClient): void {
    const user = this.users[this.clients.indexOf(client)];
    const done = user && actOn(user);
    if (done === undefined) return;
    this.epoch.acted(client.name, done);
    this.scheduler.note(done);
  }

  actRemotely(): void {
    const done = this.cloudUser.act();
    if (done === undefined) return;
    this.epoch.acted("cloud", done);
    this.scheduler.note(done);
  }

  /** Both sides and the log of what was done, for the comparison of two runs. */
  digest(): string {
    const hash = createHash("sha256");
    for (const line of this.scheduler.timeline) hash.update(line);
    for (const line of shapeOfCloud(this.cloud)) hash.update(line);
    for (const user of this.users) hash.update(user.picture());
    for (const { open } of this.clients) hash.update(JSON.stringify(open.index.logged(1_000)));
    return hash.digest("hex");
  }

  /** Several things in one moment, most of them at a place that the engine is about. */
  #race(client: SimClient, at: readonly string[]): void {
    const user = this.users[this.clients.indexOf(client)];
    const places = at.filter((place) => !untouched.includes(place));
    if (user !== undefined) user.isRacing = true;
    for (let count = 1 + this.dice.below(actsInMomentMax); count > 0; count -= 1) {
      if (user !== undefined && places.length > 0 && this.dice.chance(aimedShare)) {
        user.aim = this.dice.pick(places);
      }
      this.act(client);
      if (user !== undefined) user.aim = undefined;
    }
    if (user !== undefined) user.isRacing = false;
  }

  #addClient(name: string): void {
    const world: ClientWorld = {
      scheduler: this.scheduler,
      dice: this.dice,
      ledger: this.ledger,
      breach: (text) => void this.problems.push(text),
      remote: this.#remoteOf,
      race: (client, at) => this.#race(client, at),
    };
    const settings = settingsOf(this.dice);
    this.scheduler.note(`${name}: ${describeDisk(settings)}`);
    const client = new SimClient(name, world, settings);
    const { user: disk, top } = client;
    this.clients.push(client);
    this.users.push(new DiskUser({ name, disk, top, dice: this.dice, ledger: this.ledger }));
  }

  readonly #remoteOf: ClientWorld["remote"] = (client, process) =>
    new MemoryRemote({
      ...process,
      cloud: this.cloud,
      account: {
        id: "dbid:sim",
        name: "Anna Berg",
        email: "anna@example.com",
        root: "1",
        home: "",
      },
      fault: this.weather.fault,
      mood: this.weather.mood,
      onUpload: ({ hash, replaces, path }, there) => {
        if (there?.hash !== hash || there.rev !== replaces) return;
        this.problems.push(`${client}: uploads "${path}", which the server has at that revision`);
      },
    });
}

function settingsOf(dice: Dice): DiskSettings {
  if (dice.chance(0.6)) return usualDisk;
  return {
    stepNs: dice.pick([1n, 20_000_000n, 2_000_000_000n]),
    anchors: dice.chance(0.5),
    foldsCase: dice.chance(0.3),
    decomposes: dice.chance(0.2),
    birthTimes: dice.chance(0.8),
    hardLinks: dice.chance(0.8),
    superuser: dice.chance(0.2),
  };
}

function describeDisk(settings: DiskSettings): string {
  return Object.entries(settings)
    .map(([name, value]) => `${name} ${String(value)}`)
    .join(", ");
}
