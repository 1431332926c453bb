import { constants } from "node:fs";
import { DiskFailure } from "./disk-error.ts";
import type { DiskUser, Standing } from "./disk-user.ts";
import type { Inode } from "./inode.ts";

const namePool = [
  "a.txt",
  "b.txt",
  "c",
  "A.txt",
  "d.md",
  "é.txt",
  "é.txt".normalize("NFD"),
  "sub",
  "Sub",
  "dir",
  "deep",
];
const oddNames = [".DS_Store", "~$lock", ".~tmp", "skip.log", "skip"];
/** None for folders alone: a file may then have the name of a folder that is left out, and its place for good (S91). */
const rules = ["skip*\n", "*.log\n", "", "sub\n"];
const filesMax = 14;

/** What a user or a program does; the text says to what, undefined: there was nothing to do it to. */
type Act = (user: DiskUser) => string | undefined;

const acts: readonly (readonly [weight: number, does: string, act: Act])[] = [
  [10, "creates", (user) => create(user, user.place(namePool))],
  [10, "edits", (user) => edit(user)],
  [4, "edits unseen", (user) => editUnseen(user)],
  [5, "saves", (user) => saveByRename(user)],
  [4, "appends", (user) => append(user)],
  [7, "deletes", (user) => remove(user, user.any())],
  [8, "moves", (user) => move(user)],
  [3, "swaps", (user) => swap(user)],
  [3, "replaces", (user) => replaceKind(user)],
  [3, "makes", (user) => makeFolder(user)],
  [1, "links", (user) => symlink(user)],
  [2, "closes", (user) => close(user)],
  [2, "touches", (user) => touch(user)],
  [2, "hard-links", (user) => hardLink(user)],
  [2, "oddly creates", (user) => create(user, user.place(oddNames))],
  [1, "rules", (user) => rule(user)],
];
const weights = acts.reduce((sum, [weight]) => sum + weight, 0);

/** One thing that the user of a disk does; undefined where the disk would not have it. */
export function actOn(user: DiskUser): string | undefined {
  let at = user.dice.below(weights);
  const chosen = acts.find(([weight]) => (at -= weight) < 0);
  if (chosen === undefined) return undefined;
  const [, does, act] = chosen;
  try {
    const about = act(user);
    return about === undefined ? undefined : `${user.name} ${does} ${about}`;
  } catch (error) {
    if (error instanceof DiskFailure) return undefined;
    throw error;
  }
}

function create(user: DiskUser, path: string): string | undefined {
  if (user.standing().length > filesMax) return undefined;
  user.write(path, user.token(), constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL);
  return path;
}

function edit(user: DiskUser): string | undefined {
  const file = user.any("file");
  if (file === undefined) return undefined;
  user.write(file.path, user.token(), constants.O_WRONLY | constants.O_TRUNC);
  return file.path;
}

/** Same size, mtime set back. */
function editUnseen(user: DiskUser): string | undefined {
  const file = user.any("file");
  if (file === undefined || file.node.bytes.length < 8) return undefined;
  const { mtimeNs } = file.node;
  user.write(
    file.path,
    user.ledger.token(file.node.bytes.length).subarray(0, file.node.bytes.length),
    constants.O_WRONLY,
  );
  file.node.mtimeNs = mtimeNs;
  // Right before a removal nobody can see it, and the trash has it (S69).
  if (user.isRacing) user.ledger.mayRest(file.node.bytes);
  return file.path;
}

function saveByRename(user: DiskUser): string | undefined {
  const file = user.any("file");
  if (file === undefined) return undefined;
  const temporary = `${file.path}.new`;
  if (user.disk.lstat(user.at(temporary)) !== undefined) return undefined;
  const bytes = user.token();
  user.write(temporary, bytes, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL);
  user.disk.rename(user.at(temporary), user.at(file.path));
  user.ledger.gaveUp(file.node.bytes);
  return file.path;
}

/** Through a handle that stays open, wherever its file goes. */
function append(user: DiskUser): string | undefined {
  const held = user.open.length > 2 || user.dice.chance(0.6) ? user.open.at(-1) : undefined;
  if (held === undefined) {
    const file = user.any("file");
    if (file === undefined) return undefined;
    const fd = user.disk.open(user.at(file.path), constants.O_WRONLY | constants.O_APPEND);
    user.open.push({ fd, path: file.path });
    return `${file.path} (opened)`;
  }
  const node = user.disk.nodeOf(held.fd);
  const old = node.bytes;
  user.disk.writeNow(held.fd, user.token());
  // A file without a name is lost with its handle.
  if (node.nlink > 0) user.ledger.wroteLate(`${user.name} ${held.path} (handle)`, node.bytes, old);
  if (user.dice.chance(0.4)) user.disk.close(user.open.pop()?.fd ?? 0);
  return held.path;
}

function remove(user: DiskUser, target: Standing | undefined): string | undefined {
  if (target === undefined) return undefined;
  const { path, node } = target;
  if (node.kind === "folder") {
    for (const inside of user.standing(node).toReversed())
      removeOne(user, `${path}/${inside.path}`, inside.node);
  }
  removeOne(user, path, node);
  return path;
}

function removeOne(user: DiskUser, path: string, node: Inode): void {
  if (node.kind === "folder") return user.disk.rmdir(user.at(path));
  user.disk.unlink(user.at(path));
  const hasOther = user.standing().some((other) => other.node === node);
  if (node.kind === "file" && !hasOther) user.ledger.gaveUp(node.bytes);
}

function move(user: DiskUser): string | undefined {
  const from = user.any();
  if (from === undefined) return undefined;
  const to = user.place(namePool);
  const over = user.bytesAt(to);
  if (over !== undefined && user.dice.chance(0.7)) return undefined;
  user.disk.rename(user.at(from.path), user.at(to));
  if (over !== undefined && from.path !== to) user.ledger.gaveUp(over);
  if (over === undefined && user.isRacing) mayRestFrom(user, to);
  return `${from.path} ${to}`;
}

/** Who takes the place of a file in the moment in which it is replaced has replaced that file: it is in the trash by then. */
function mayRestFrom(user: DiskUser, path: string): void {
  const { node: trash } = user.disk.find(user.at(".snap/trash"), "look");
  for (const { path: place, node } of trash === undefined ? [] : user.standing(trash)) {
    if (node.kind === "file" && place.endsWith(`/${path}`)) user.ledger.mayRest(node.bytes);
  }
}

function swap(user: DiskUser): string | undefined {
  const [a, b] = [user.any(), user.any()];
  if (a === undefined || b === undefined || a.node === b.node) return undefined;
  if (`${a.path}/`.startsWith(`${b.path}/`) || `${b.path}/`.startsWith(`${a.path}/`))
    return undefined;
  const aside = `${user.top}/swap-${user.dice.below(1_000)}`;
  user.disk.rename(user.at(a.path), aside);
  user.disk.rename(user.at(b.path), user.at(a.path));
  user.disk.rename(aside, user.at(b.path));
  return `${a.path} ${b.path}`;
}

function replaceKind(user: DiskUser): string | undefined {
  const target = user.any();
  if (target === undefined || (target.node.kind !== "file" && target.node.kind !== "folder"))
    return undefined;
  remove(user, target);
  if (target.node.kind === "file") user.disk.mkdir(user.at(target.path), 0o755);
  else create(user, target.path);
  return target.path;
}

function makeFolder(user: DiskUser): string {
  const path = user.place(["sub", "Sub", "dir", "deep", "n"]);
  user.disk.mkdir(user.at(path), 0o755);
  return path;
}

function symlink(user: DiskUser): string {
  const path = user.place(["link", "a.txt", "sub"]);
  user.disk.symlink(user.dice.pick(["/beside", "..", "a.txt", "/outside"]), user.at(path));
  return path;
}

function close(user: DiskUser): string | undefined {
  const again = user.closed.pop();
  if (again !== undefined && user.dice.chance(0.7)) {
    again.node.mode = again.node.kind === "folder" ? 0o755 : 0o644;
    again.node.ctimeNs = user.disk.volume.nowNs();
    return `${again.path} (opens)`;
  }
  const target = user.any();
  if (target === undefined) return undefined;
  target.node.mode = 0;
  target.node.ctimeNs = user.disk.volume.nowNs();
  user.closed.push(target, ...(again === undefined ? [] : [again]));
  return target.path;
}

function touch(user: DiskUser): string | undefined {
  const file = user.any("file");
  if (file === undefined) return undefined;
  file.node.mtimeNs = user.disk.volume.nowNs();
  file.node.ctimeNs = file.node.mtimeNs;
  return file.path;
}

function hardLink(user: DiskUser): string | undefined {
  const file = user.any("file");
  if (file === undefined || user.standing().length > filesMax) return undefined;
  const to = user.place(namePool);
  user.disk.link(user.at(file.path), user.at(to));
  return `${file.path} ${to}`;
}

function rule(user: DiskUser): string {
  const text = Buffer.from(user.dice.pick(rules));
  user.write(".mignore", text, constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC);
  // Two users may write the same rules; nobody owes their text.
  user.ledger.gaveUp(text);
  return String(text).trim();
}
