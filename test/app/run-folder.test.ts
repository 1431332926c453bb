import { createServer, type Server } from "node:net";
import { once } from "node:events";
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  findRunFolder,
  findSocket,
  makeRunFolder,
  removeSocket,
  removeStaleSocket,
} from "../../src/app/run-folder.ts";
import { locate, type Locations } from "../../src/state/locations.ts";

let top: string;
let home: Locations;
beforeEach(() => {
  top = realpathSync(mkdtempSync(path.join(os.tmpdir(), "snap-run-")));
  home = locate({ SNAP_HOME: path.join(top, "home") });
});
afterEach(() => rmSync(top, { recursive: true, force: true }));

const refused = (text: string): Error =>
  expect.objectContaining({
    code: "refused",
    exit: 3,
    message: expect.stringContaining(text),
  }) as Error;

/** A socket, 0600, at which somebody answers until the process ends. */
async function openSocket(file: string): Promise<Server> {
  const server: Server = createServer().listen(file).unref();
  await once(server, "listening");
  chmodSync(file, 0o600);
  return server;
}

/** A socket, 0600, at which nobody answers any more. */
async function leaveSocket(file: string): Promise<void> {
  const server = await openSocket(`${file}2`);
  // Closing would remove it.
  renameSync(`${file}2`, file);
  server.close();
  await once(server, "close");
}

const isRoot = process.getuid?.() === 0;

test("X19: the folder is 0700, and only there once a daemon was started", () => {
  expect(findRunFolder(home)).toBeUndefined();
  const made = makeRunFolder(home);
  expect(lstatSync(made.folder).mode & 0o777).toBe(0o700);
  expect(findRunFolder(home)).toEqual(made);
  expect(made.socket).toBe(path.join(home.run, "daemon.sock"));
});

test("X19: a folder that others can enter is refused, with the chmod that helps", () => {
  makeRunFolder(home);
  chmodSync(home.run, 0o755);
  for (const act of [makeRunFolder, findRunFolder]) {
    expect(() => act(home)).toThrow(refused("open to other users"));
  }
});

test("X19: a link in the place of the folder is refused", () => {
  mkdirSync(home.home, { recursive: true });
  mkdirSync(path.join(top, "elsewhere"), { mode: 0o700 });
  symlinkSync(path.join(top, "elsewhere"), home.run);
  for (const act of [makeRunFolder, findRunFolder]) {
    expect(() => act(home)).toThrow(refused("is no folder"));
  }
});

test.runIf(isRoot)("X19: a folder of another user is refused", () => {
  makeRunFolder(home);
  chownSync(home.run, 65_534, 65_534);
  for (const act of [makeRunFolder, findRunFolder]) {
    expect(() => act(home)).toThrow(refused("belongs to another user"));
  }
});

test.each(["a file", "a link to a socket"])("X19: %s in the place of the socket", async (kind) => {
  const run = makeRunFolder(home);
  const other = path.join(top, "other.sock");
  await leaveSocket(other);
  if (kind === "a file") writeFileSync(run.socket, "planted");
  else symlinkSync(other, run.socket);
  expect(() => findRunFolder(home)).toThrow(refused("is no socket"));
  await expect(removeStaleSocket(run)).rejects.toEqual(refused("is no socket"));
  expect(existsSync(other)).toBe(true);
});

test("X19: a socket that others can use is refused where somebody answers at it, and is as good as none where nobody does", async () => {
  const run = makeRunFolder(home);
  const server = await openSocket(run.socket);
  let heard = 0;
  server.on("connection", (connection) => connection.on("data", ({ length }) => (heard += length)));
  expect(await findSocket(home)).toBe(run.socket);
  chmodSync(run.socket, 0o755);
  await expect(findSocket(home)).rejects.toEqual(refused("open to other users"));
  await expect(removeStaleSocket(run)).rejects.toEqual(refused("open to other users"));
  expect(heard).toBe(0);
  rmSync(run.socket);
  await leaveSocket(run.socket);
  chmodSync(run.socket, 0o755);
  expect(await findSocket(home)).toBeUndefined();
  expect(findRunFolder(home)).toEqual(run);
  await removeStaleSocket(run);
  expect(existsSync(run.socket)).toBe(false);
});

test.runIf(isRoot)("X19: a socket of another user is refused, dead or not", async () => {
  const run = makeRunFolder(home);
  await leaveSocket(run.socket);
  chownSync(run.socket, 65_534, 65_534);
  for (const mode of [0o600, 0o755]) {
    chmodSync(run.socket, mode);
    expect(() => findRunFolder(home)).toThrow(refused("belongs to another user"));
    await expect(findSocket(home)).rejects.toEqual(refused("belongs to another user"));
    await expect(removeStaleSocket(run)).rejects.toEqual(refused("belongs to another user"));
  }
});

test("a socket that a dead process left is removed", async () => {
  const run = makeRunFolder(home);
  await leaveSocket(run.socket);
  await removeStaleSocket(run);
  expect(existsSync(run.socket)).toBe(false);
  await removeStaleSocket(run);
});

test("a home whose path is too long for a socket gets a short folder of its own, and the same again", () => {
  const long = locate({ SNAP_HOME: path.join(top, "x".repeat(120)) });
  const run = makeRunFolder(long);
  try {
    expect(Buffer.byteLength(run.socket)).toBeLessThanOrEqual(103);
    expect(lstatSync(path.dirname(run.socket)).mode & 0o777).toBe(0o700);
    expect(makeRunFolder(long)).toEqual(run);
    expect(findRunFolder(long)).toEqual(run);
    chmodSync(path.dirname(run.socket), 0o755);
    expect(() => makeRunFolder(long)).toThrow(refused("open to other users"));
    expect(() => findRunFolder(long)).toThrow(refused("open to other users"));
  } finally {
    removeSocket(run);
  }
  expect(existsSync(path.dirname(run.socket))).toBe(false);
  expect(findRunFolder(long)).toBeUndefined();
});
