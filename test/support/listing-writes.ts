import fc from "fast-check";
import { makeParents, placeFor } from "../../src/server/tree/place.ts";
import { WriteFailure } from "../../src/server/wire/failure.ts";
import type { ListingWorld } from "./listing-world.ts";

/** Something that happens to a namespace; it chooses among what is there, so that nearly every one has an effect. */
export type Wish = (world: ListingWorld) => void | Promise<void>;

type Choice = { readonly which: number; readonly folder: number; readonly name: string };

/** Folders that names are put in: those there are, and those of an app. */
function placeNames(world: ListingWorld, { folder, name }: Choice): readonly string[] {
  const folders = world.nodes().filter(({ kind }) => kind === "folder");
  const parents = ["", "/Apps/Box", ...folders.map(({ display }) => display)];
  const parent = parents[folder % parents.length] ?? "";
  return [...parent.split("/").slice(1), name];
}

function nodeOf(world: ListingWorld, { which }: Choice) {
  const nodes = world.nodes();
  return nodes[which % Math.max(1, nodes.length)];
}

/** A name that is taken is no more than a wish that did not come true. */
function attempt(work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!(error instanceof WriteFailure)) throw error;
  }
}

function put(world: ListingWorld, choice: Choice): void {
  const names = placeNames(world, choice);
  attempt(() => {
    world.write((tree) => {
      const place = placeFor(tree, names);
      const existing = tree.at(place.key);
      if (existing?.kind === "folder") return;
      makeParents(tree, place);
      const content = { blocks: [], size: choice.which };
      tree.putFile(place, { content, hash: "0".repeat(64), clientModified: 1 }, existing);
    });
  });
}

function make(world: ListingWorld, choice: Choice): void {
  const names = placeNames(world, choice);
  attempt(() => {
    world.write((tree) => {
      const place = placeFor(tree, names);
      if (tree.at(place.key) !== undefined) return;
      makeParents(tree, place);
      tree.addFolder(place);
    });
  });
}

function remove(world: ListingWorld, choice: Choice): void {
  const node = nodeOf(world, choice);
  if (node !== undefined) world.write((tree) => tree.remove(node));
}

/** A move, or a change of case where the place is the node's own. */
function move(world: ListingWorld, choice: Choice, copies: boolean): void {
  const node = nodeOf(world, choice);
  const names = placeNames(world, choice);
  if (node === undefined) return;
  attempt(() => {
    world.write((tree) => {
      const place = placeFor(tree, names);
      const isInside = place.key.startsWith(`${node.key}/`);
      if (isInside || (tree.at(place.key) !== undefined && place.key !== node.key)) return;
      if (copies && place.key === node.key) return;
      makeParents(tree, place);
      if (copies) tree.copy(node, place);
      else tree.move(node, place);
    });
  });
}

/** Away and back: it is the same node again, and what was in it may not be. */
function swing(world: ListingWorld, choice: Choice): void {
  const node = nodeOf(world, choice);
  if (node === undefined) return;
  world.write((tree) => {
    const away = { key: "/away", display: "/away" };
    const moved = tree.move(node, away);
    const inside = world.nodes().find(({ key }) => key.startsWith("/away/"));
    if (inside !== undefined) tree.remove(inside);
    tree.move(moved, { key: node.key, display: node.display });
  });
}

/** Removed and made again, as the other kind or the same. */
function renew(world: ListingWorld, choice: Choice): void {
  const node = nodeOf(world, choice);
  if (node === undefined) return;
  world.write((tree) => {
    tree.remove(node);
    const file = { content: { blocks: [], size: 1 }, hash: "0".repeat(64), clientModified: 1 };
    const place = { key: node.key, display: node.display };
    if (choice.folder % 2 === 0) tree.putFile(place, file, undefined);
    else {
      tree.addFolder(place);
      tree.putFile({ key: `${node.key}/n`, display: `${node.display}/n` }, file, undefined);
    }
  });
}

const choice: fc.Arbitrary<Choice> = fc.record({
  which: fc.noBias(fc.nat(30)),
  folder: fc.noBias(fc.nat(12)),
  name: fc.constantFrom("a", "b", "A"),
});

const kinds: readonly { readonly weight: number; readonly act: (given: Choice) => Wish }[] = [
  { weight: 6, act: (given) => (world) => put(world, given) },
  { weight: 4, act: (given) => (world) => make(world, given) },
  { weight: 3, act: (given) => (world) => remove(world, given) },
  { weight: 3, act: (given) => (world) => move(world, given, false) },
  { weight: 1, act: (given) => (world) => move(world, given, true) },
  { weight: 1, act: (given) => (world) => swing(world, given) },
  { weight: 3, act: (given) => (world) => renew(world, given) },
  { weight: 1, act: () => (world) => world.writeElsewhere() },
  { weight: 1, act: () => (world) => world.trim() },
];

/** Any of them. */
export const random: fc.Arbitrary<Wish> = fc.oneof(
  ...kinds.map(({ weight, act }) => ({ weight, arbitrary: choice.map(act) })),
);
