import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";
import { layerNames, type LayerName } from "./layers.ts";

/** Seeds below this one are those of the checks. */
const firstSeed = 1_000_001;

/** How far each layer has come: every seed below the noted one has held, so a stopped soak goes on there. */
export class Progress {
  readonly #file: string;
  readonly #next = new Map<LayerName, number>();
  readonly #given = new Map<LayerName, number>();
  readonly #open = new Map<LayerName, Set<number>>();

  constructor(folder: string) {
    mkdirSync(folder, { recursive: true });
    this.#file = path.join(folder, "state.json");
    const noted = readNoted(this.#file);
    for (const layer of layerNames) {
      const next = noted[layer];
      this.#next.set(
        layer,
        typeof next === "number" && Number.isSafeInteger(next) ? next : firstSeed,
      );
      this.#open.set(layer, new Set());
    }
  }

  /** The next seed of a layer, which is then under way. */
  give(layer: LayerName): number {
    const seed = this.#given.get(layer) ?? this.#next.get(layer) ?? firstSeed;
    this.#given.set(layer, seed + 1);
    this.#open.get(layer)?.add(seed);
    return seed;
  }

  done(layer: LayerName, seed: number): void {
    const open = this.#open.get(layer) ?? new Set();
    open.delete(seed);
    this.#next.set(layer, Math.min(this.#given.get(layer) ?? seed + 1, ...open));
  }

  /** Whole or not at all. */
  save(): void {
    writeFileSync(`${this.#file}.tmp`, `${JSON.stringify(Object.fromEntries(this.#next))}\n`);
    renameSync(`${this.#file}.tmp`, this.#file);
  }
}

function readNoted(file: string): Readonly<Record<string, unknown>> {
  try {
    const noted: unknown = JSON.parse(readFileSync(file, "utf8"));
    return typeof noted === "object" && noted !== null ? { ...noted } : {};
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return {};
    throw error;
  }
}
