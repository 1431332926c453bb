import { throwIfAborted } from "../../std/error.ts";
import type { LocalStat } from "../../core/tree/local-stat.ts";
import type { NodeId } from "../../core/tree/node.ts";
import { joinPath, type RelPath } from "../../core/path/rel-path.ts";
import { allOf, noCandidates } from "./known-nodes.ts";
import type { Folder } from "./folder.ts";
import type { WalkDeps } from "./findings.ts";
import { isStillThere } from "./whereabouts.ts";
import { rowOf } from "./write.ts";
import { pairByPlace, type PlaceCandidates } from "./pairing.ts";
import { lookInto } from "./scan.ts";

/** A folder whose identity nobody knows, at a place where a known one stood. */
export type Contender = { readonly stat: LocalStat; readonly candidates: PlaceCandidates };

/** Those of one folder. */
export type Contested = { readonly folder: Folder; readonly contenders: readonly Contender[] };

/**
 * Which known folder each folder is: by identity at once, by place only when it is sure that the known one is not
 * somewhere else (S19, 1 before 2 and 3).
 */
export class Contest {
  readonly #deps: WalkDeps;
  readonly #waiting: Contested[] = [];
  /** Known folders whose identity was seen below a contested one. */
  readonly #elsewhere = new Set<NodeId>();

  constructor(deps: WalkDeps) {
    this.#deps = deps;
  }

  /** The known folder that was moved here. */
  async byIdentity(folder: Folder, stat: LocalStat): Promise<Folder | undefined> {
    const node = this.#known(stat);
    if (node === undefined || this.#deps.findings.claimed.has(node)) return undefined;
    if (await isStillThere(this.#deps, node, folder.pathOf(stat.name))) return undefined;
    return this.#claim({ folder, stat, node });
  }

  wait(contested: Contested): void {
    this.#waiting.push(contested);
  }

  /** Decide about everything that waits. Anything that is met afterwards can be decided where it is met. */
  async decideAll(): Promise<readonly Folder[]> {
    const below: Folder[] = [];
    for (const { folder, contenders } of this.#waiting) {
      for (const { stat } of contenders) await this.#peek(folder.pathOf(stat.name));
    }
    for (const contested of this.#waiting) below.push(...(await this.decide(contested)));
    return below;
  }

  async decide({ folder, contenders }: Contested): Promise<readonly Folder[]> {
    const free = new Set<NodeId>();
    for (const { stat, candidates } of contenders) {
      for (const node of allOf(candidates)) {
        if (await this.#isFree(node, folder.pathOf(stat.name))) free.add(node);
      }
    }
    const nodes = pairByPlace(
      contenders.map(({ candidates }) => candidates),
      (node) => free.has(node),
    );
    return contenders.map(({ stat }, position) => {
      const node = nodes[position];
      return node === undefined ? folder.below(stat) : this.#claim({ folder, stat, node });
    });
  }

  async #isFree(node: NodeId, here: RelPath): Promise<boolean> {
    if (this.#deps.findings.claimed.has(node) || this.#elsewhere.has(node)) return false;
    return !(await isStillThere(this.#deps, node, here));
  }

  /** Note every identity below a folder, and nothing else. */
  async #peek(path: RelPath): Promise<void> {
    const { looker, work } = this.#deps;
    const pending = [path];
    for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
      throwIfAborted(work.signal);
      const { inside } = await lookInto(looker, at);
      for (const stat of inside) {
        if (stat.kind !== "folder") continue;
        const node = this.#known(stat);
        if (node !== undefined) this.#elsewhere.add(node);
        pending.push(joinPath(at, stat.name));
      }
    }
  }

  #known({ fileId }: LocalStat): NodeId | undefined {
    const { index } = this.#deps;
    const node = index.nodeOfFileId(fileId);
    return node !== undefined && index.synced.get(node)?.kind === "folder" ? node : undefined;
  }

  /** From here on it is that node. A row at another place is written when everything was seen. */
  #claim({ folder, stat, node }: Claim): Folder {
    const { index, findings, rows } = this.#deps;
    findings.claimed.add(node);
    findings.missed.delete(node);
    const before = index.local.get(node);
    const own = folder.below(stat, node, before !== undefined);
    if (before === undefined) return own;
    if (before.parent === folder.node && before.name === stat.name) {
      rows.put(rowOf({ node, parent: before.parent, stat, before }));
    } else {
      rows.ensure(folder);
      findings.loose.push({ folder, stat, candidates: noCandidates, own, node });
    }
    return own;
  }
}

type Claim = { readonly folder: Folder; readonly stat: LocalStat; readonly node: NodeId };
