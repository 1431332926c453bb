import { isAlwaysOutside, rulesOf } from "../../../src/core/ignore.ts";
import { isRelPath, type RelPath } from "../../../src/core/path/rel-path.ts";
import { isConflictName } from "../../../src/core/path/names.ts";
import type { DiskUser, Standing } from "./disk-user.ts";
import type { Inode } from "./inode.ts";
import { pathTo, type MemoryCloud } from "./memory-cloud.ts";
import type { SimClient } from "./sim-client.ts";
import type { SimWorld } from "./sim-world.ts";

/** What the sides hold of what is synced: places, each with its content. Case twins have their own names on the disk (S42). */
type Shape = readonly string[];

/** The entries of the server that are in scope of the rules there. */
export function shapeOfCloud(cloud: MemoryCloud): Shape {
  const rules = rulesOf(String(Buffer.from(cloud.at(".mignore")?.bytes ?? [])));
  return cloud
    .all()
    .map((node) => ({
      path: pathTo(node),
      text: node.kind === "folder" ? "/" : textOf(node.bytes),
      kind: node.kind,
    }))
    .filter(({ path, kind }) => isSynced(rules, path, kind === "folder"))
    .map(({ path, text }) => `${placeOf(path)} ${text}`)
    .toSorted();
}

/** The entries of a disk that are in scope of the rules there, without the folders that stay for what is not synced (S70). */
export function shapeOfDisk(user: DiskUser, { open: { index } }: SimClient): Shape {
  const all = user.standing();
  const rules = rulesOf(
    textOf(all.find(({ path }) => path === ".mignore")?.node.bytes ?? new Uint8Array(0)),
  );
  const synced = all
    .filter(({ node }) => node.kind === "file" || node.kind === "folder")
    .map(({ path, node }) => ({
      path,
      node,
      folder: node.kind === "folder",
      text: node.kind === "folder" ? "/" : textOf(node.bytes),
    }))
    .filter(({ path, folder }) => isSynced(rules, path, folder));
  const isLeft = (path: RelPath, { node }: Standing): boolean =>
    node.kind === "folder" &&
    index.leftovers.has({ fileId: user.fileIdAt(path), path }) &&
    !synced.some((other) => other.path.startsWith(`${path}/`) && !other.folder);
  return synced
    .filter(({ path, node }) => !isRelPath(path) || !isLeft(path, { path, node }))
    .map(({ path, text }) => `${placeOf(path)} ${text}`)
    .toSorted();
}

function isSynced(rules: ReturnType<typeof rulesOf>, path: string, isFolder: boolean): boolean {
  if (!isRelPath(path) || isAlwaysOutside(path) || path.startsWith(".snap")) return false;
  return !rules.ignores(path, isFolder ? "folder" : "file");
}

function placeOf(path: string): string {
  return path.normalize("NFC").replaceAll(/ \(case conflict(?: \d+)?\)/g, "");
}

function textOf(bytes: Uint8Array): string {
  return String(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
}

/** Conflicted copies on the server and on all disks, each once, in whatever Unicode form (S16). */
export function conflictCopies(cloud: MemoryCloud, users: readonly DiskUser[]): Set<string> {
  const there = cloud.all().map((node) => pathTo(node));
  const here = users.flatMap((user) => user.standing().map(({ path }) => path));
  const names = [...there, ...here].map((path) => path.normalize("NFC").split("/").at(-1) ?? "");
  return new Set(names.filter(isConflictName));
}

/** All contents that stand where users look for them: on the server, and on the disks beside what is ours. */
export function* keptContents({ cloud, users }: SimWorld): Generator<Uint8Array> {
  for (const node of cloud.all()) if (node.kind === "file") yield node.bytes;
  for (const user of users) {
    for (const { node } of user.standing()) if (node.kind === "file") yield node.bytes;
  }
}

/** All contents in the trash of the disks. */
export function* trashedContents({ clients }: SimWorld): Generator<Uint8Array> {
  for (const client of clients) {
    const { node } = client.user.find(`${client.top}/.snap/trash`, "look");
    if (node !== undefined) yield* filesBelow(node);
  }
}

function* filesBelow(folder: Inode): Generator<Uint8Array> {
  for (const { node } of folder.entries.values()) {
    if (node.kind === "file") yield node.bytes;
    else if (node.kind === "folder") yield* filesBelow(node);
  }
}

/** What must not be left when nothing is under way any more. */
export function leftovers(cloud: MemoryCloud, clients: readonly SimClient[]): string[] {
  const problems: string[] = [];
  for (const client of clients) {
    const { node } = client.user.find(`${client.top}/.snap/staging`, "look");
    if ((node?.entries.size ?? 0) > 0) problems.push(`${client.name}: staging is not empty`);
    const intents = client.open.index.intents();
    if (intents.length > 0)
      problems.push(
        `${client.name}: intents are left: ${intents.map(({ kind }) => kind).join(" ")}`,
      );
    const outside = client.user.find("/outside", "look").node;
    if ((outside?.entries.size ?? 0) > 0)
      problems.push(`${client.name}: something was put outside the workspace`);
  }
  // A lost index leaves nobody who knows what waits at a staging name (S77).
  if (clients.some(({ forgetful }) => forgetful)) return problems;
  const staged = cloud.all().filter((node) => node.name.startsWith(".snap-tmp-"));
  return [...problems, ...staged.map((node) => `cloud: ${pathTo(node)} is left`)];
}
