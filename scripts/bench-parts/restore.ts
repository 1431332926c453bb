import { mkdirSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { runSnap, type Ended } from "../../test/support/snap-process.ts";
import { damages, fillWorkspace, fingerprint, type Damage } from "./restore-damage.ts";
import { Served } from "./served.ts";
import { count, printFigure, seconds } from "./table.ts";
import { Counters } from "./traffic.ts";

/** Held changes that are confirmed before one damage has reached the server. */
const holdsMax = 8;

/**
 * T6: a synced folder of so many MiB is spoilt in six ways, each of which reaches the server, and is restored each time. What travels is
 * counted by the server, which is a process of its own on loopback.
 */
export async function benchRestore(mebibytes: number): Promise<void> {
  const top = realpathSync(mkdtempSync(path.join(tmpdir(), "snap-bench-")));
  const workspace = path.join(top, "workspace");
  const home = path.join(top, "home");
  for (const folder of [workspace, home]) mkdirSync(folder);
  try {
    await using served = await Served.start(path.join(home, "server"), home, ["--admin"]);
    const counters = new Counters(served.adminUrl, served.adminToken);
    const bench = new RestoreBench({ workspace, home, counters });
    await bench.begin(mebibytes);
    for (const damage of damages) await bench.measure(damage);
    const [first] = damages;
    if (first === undefined) return;
    // It costs the same whatever was done before.
    await bench.measure({ ...first, name: "the documented procedure, of what was edited" }, [
      "--procedure",
      "documented",
    ]);
  } finally {
    rmSync(top, { recursive: true, force: true });
  }
}

type Parts = {
  readonly workspace: string;
  readonly home: string;
  readonly counters: Counters;
};

class RestoreBench {
  readonly #parts: Parts;
  #good = "";

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Everything is uploaded once. */
  async begin(mebibytes: number): Promise<void> {
    const { workspace, counters } = this.#parts;
    fillWorkspace(workspace, mebibytes);
    this.#good = fingerprint(workspace);
    const files = this.#good.split("\n").length;
    await this.#snap("login", "--local", "--name", "Bench");
    await this.#snap("link", workspace, "/bench", "--yes");
    await counters.zero();
    printFigure({
      what: `${mebibytes} MiB in ${count(files)} files`,
      aim: "bytes up",
      measured: "calls",
    });
    const ms = await this.#timed("sync");
    await this.#print("the first sync", ms);
    await this.#snap("capture", "--label", "good");
  }

  async measure({ name, spoil }: Damage, how: readonly string[] = []): Promise<void> {
    const { workspace, counters } = this.#parts;
    spoil(workspace);
    await this.#syncAll();
    await counters.zero();
    const ms = await this.#timed("restore", "good", "--yes", ...how);
    await this.#print(name, ms);
    if (fingerprint(workspace) !== this.#good) throw new Error(`Not as before: ${name}`);
  }

  /** The guards hold so much damage back; somebody lets it pass. */
  async #syncAll(): Promise<void> {
    for (let holds = 0; holds <= holdsMax; holds += 1) {
      const { code, events } = await this.#run("sync");
      if (code === 0) return;
      const held = (await this.#run("hold", "list")).events.flatMap(({ digest }) =>
        typeof digest === "string" ? [digest] : [],
      );
      if (held.length === 0)
        throw new Error(`The damage does not reach the server: ${JSON.stringify(events.at(-1))}`);
      for (const digest of held) await this.#snap("confirm", digest);
    }
    throw new Error("The damage does not reach the server");
  }

  async #timed(...words: readonly string[]): Promise<number> {
    const started = performance.now();
    await this.#snap(...words);
    return performance.now() - started;
  }

  async #print(what: string, ms: number): Promise<void> {
    const { writes, looks, bytesUp } = await this.#parts.counters.read();
    const note = `${seconds(ms)}, ${count(looks)} looks`;
    printFigure({ what, aim: count(bytesUp), measured: count(writes), note });
  }

  async #snap(...words: readonly string[]): Promise<Ended> {
    const ended = await this.#run(...words);
    if (ended.code === 0) return ended;
    throw new Error(
      `snap ${words.join(" ")} ended with ${ended.code}\n${ended.stdout}\n${ended.stderr}`,
    );
  }

  #run(...words: readonly string[]): Promise<Ended> {
    const { workspace, home } = this.#parts;
    return runSnap([...words, "--json"], { cwd: workspace, env: { SNAP_HOME: home } });
  }
}
