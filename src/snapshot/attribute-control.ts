import {
  attributeChanges,
  type AttributeChanges,
  type AttributeWish,
} from "../core/snapshot/attributes.ts";
import type { DiskPath } from "../core/snapshot/disk-path.ts";
import type { RelPath } from "../core/path/rel-path.ts";
import type { AttributeControl, WhileHeld } from "../core/snapshot/attribute-control.ts";
import type { Work } from "../std/events.ts";
import { asBytes, readAttributes, removeAttributes, setAttributes } from "./attribute-files.ts";
import type { AttributeTools } from "./attribute-files.ts";
import { keptOf } from "./attribute-source.ts";

/** Files of one run of a program, and how many are held open at once. */
const filesPerRun = 128;

/** What is needed to work on the attributes of a workspace. */
export type AttributeGround = {
  /** Absolute path of the workspace. */
  readonly top: string;
  readonly whileHeld: WhileHeld;
  readonly tools: AttributeTools;
  readonly isRoot: boolean;
};

type Found = Readonly<Record<string, string>>;
type Wanted = { readonly disk: DiskPath; readonly wish: AttributeWish };

/** The extended attributes of a workspace, read and set by the programs of the machine. */
export function attributeControl(ground: AttributeGround): AttributeControl {
  const { top, whileHeld } = ground;
  return {
    read: async (paths, work) => {
      const found = new Map<RelPath, Found>();
      for (const run of runsOf(paths)) {
        const each = await readEach(
          ground,
          run.map((path) => `${top}/${path}`),
          work,
        );
        for (const [number, path] of run.entries()) {
          const attributes = each[number];
          if (attributes !== undefined) found.set(path, attributes);
        }
      }
      return found;
    },
    set: async (wanted, work) => {
      const refused: (readonly string[])[] = [];
      for (const run of runsOf(wanted)) {
        const places = run.map(({ place }) => place);
        const wishes = run.map(({ wish }) => wish);
        const done = await whileHeld(places, (paths) => setHeld(ground, { paths, wishes }, work));
        refused.push(...done);
      }
      return refused;
    },
  };
}

function runsOf<T>(items: readonly T[]): readonly (readonly T[])[] {
  const count = Math.ceil(items.length / filesPerRun);
  return Array.from({ length: count }, (_, number) =>
    items.slice(number * filesPerRun, (number + 1) * filesPerRun),
  );
}

/** What each of some files has; undefined where that is not known wholly. */
async function readEach(
  { tools, isRoot }: AttributeGround,
  disk: readonly DiskPath[],
  work: Pick<Work, "signal">,
): Promise<readonly (Found | undefined)[]> {
  const { files, troubles } = await readAttributes(tools, disk, work);
  const unknown = new Set(troubles.map(({ path }) => path));
  return disk.map((path) => {
    const place = asBytes(path);
    const { attributes = {}, trouble } = keptOf(files.get(place) ?? [], { isRoot });
    return unknown.has(place) || trouble !== undefined ? undefined : attributes;
  });
}

async function setHeld(
  ground: AttributeGround,
  held: {
    readonly paths: readonly (string | undefined)[];
    readonly wishes: readonly AttributeWish[];
  },
  work: Pick<Work, "signal">,
): Promise<readonly (readonly string[])[]> {
  const wanted = held.paths.flatMap((disk, number): Wanted[] => {
    const wish = held.wishes[number];
    return disk === undefined || wish === undefined ? [] : [{ disk, wish }];
  });
  const todo = (await changesOf(ground, wanted, work)).filter(isAny);
  if (todo.length > 0) {
    await removeAttributes(
      ground.tools,
      todo.map(({ disk, changes }) => ({ disk, names: changes.remove })),
      work,
    );
    const set = todo.map(({ disk, changes }) => ({ disk, attributes: changes.set }));
    await setAttributes(ground.tools, set, work);
  }
  const rest = await changesOf(ground, todo, work);
  const refused = new Map(rest.map(({ disk, changes }) => [disk, namesOf(changes)]));
  return held.paths.map((disk, number) => {
    if (disk !== undefined) return refused.get(disk) ?? [];
    return Object.keys(held.wishes[number]?.attributes ?? {});
  });
}

type Changing = Wanted & { readonly changes: AttributeChanges };

/** What is not known counts as absent: setting it does no harm. */
async function changesOf(
  ground: AttributeGround,
  wanted: readonly Wanted[],
  work: Pick<Work, "signal">,
): Promise<readonly Changing[]> {
  const found = await readEach(
    ground,
    wanted.map(({ disk }) => disk),
    work,
  );
  return wanted.map(({ disk, wish }, number) => ({
    disk,
    wish,
    changes: attributeChanges(wish, found[number] ?? {}),
  }));
}

function isAny({ changes }: Changing): boolean {
  return namesOf(changes).length > 0;
}

function namesOf({ set, remove }: AttributeChanges): readonly string[] {
  return [...Object.keys(set), ...remove];
}
