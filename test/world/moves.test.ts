import { expect, test } from "vitest";
import { World } from "../support/world.ts";

const many = (folder: string, count: number): string =>
  Array.from({ length: count }, (_, file) => `${folder}/${file}: ${folder} ${file}`).join("\n");

test("B1: a folder that was renamed here is one move there (S19, S61)", async () => {
  await using world = await World.synced(many("d", 50));
  world.local.move("d", "e");
  await world.sync();
  expect((await world.both()).split("\n")).toHaveLength(50);
  expect(await world.both()).toContain("e/7: d 7");
  expect(world.wire.calls("/move_v2")).toBe(1);
  expect(world.wire.transfers()).toEqual({ uploads: 0, downloads: 0 });
  expect(world.wire.calls("/delete_v2")).toBe(0);
  await world.assertAlways();
});

test("B2: a folder that was renamed there is renamed here, with the same files (S21, S68)", async () => {
  await using world = await World.synced(many("d", 50));
  const inode = world.local.inode("d/7");
  await world.remote.move("d", "e");
  await world.sync();
  expect(await world.both()).toContain("e/7: d 7");
  expect(world.local.inode("e/7")).toBe(inode);
  expect(world.wire.transfers()).toEqual({ uploads: 0, downloads: 0 });
  await world.assertAlways();
});

test("B3: a rename here and an edit inside there come together (S39)", async () => {
  await using world = await World.synced("d/f: 0");
  world.local.move("d", "e");
  await world.remote.write("d/f", "2");
  await world.sync();
  expect(await world.both()).toBe("e/f: 2");
  await world.assertAlways();
});

test("B6: a rename here and a new file inside there come together (S39)", async () => {
  await using world = await World.synced("d/f: 0");
  world.local.move("d", "e");
  await world.remote.write("d/g", "2");
  await world.sync();
  expect(await world.both()).toBe("e/f: 0\ne/g: 2");
  await world.assertAlways();
});

test("B7: moved apart, a file is at the server's place, once (S39)", async () => {
  await using world = await World.synced("f: 0\nx/\ny/");
  world.local.move("f", "x/f");
  await world.remote.move("f", "y/f");
  await world.sync();
  expect(await world.both()).toBe("x/\ny/f: 0");
  await world.assertAlways();
});

const rotate = async (move: (from: string, to: string) => Promise<void> | void): Promise<void> => {
  await move("c", "spare");
  await move("b", "c");
  await move("a", "b");
  await move("spare", "a");
};

test("B9: a rotation here is a rotation there (S49)", async () => {
  await using world = await World.synced("a: 1\nb: 2\nc: 3");
  await rotate((from, to) => world.local.move(from, to));
  const report = await world.sync();
  expect(await world.both()).toBe("a: 3\nb: 1\nc: 2");
  expect(report.conflicts).toEqual([]);
  expect(world.wire.transfers()).toEqual({ uploads: 0, downloads: 0 });
  await world.assertAlways();
});

test("B9 mirrored: a rotation there is a rotation here (S49)", async () => {
  await using world = await World.synced("a: 1\nb: 2\nc: 3");
  const inode = world.local.inode("a");
  await rotate((from, to) => world.remote.move(from, to));
  await world.sync();
  expect(await world.both()).toBe("a: 3\nb: 1\nc: 2");
  expect(world.local.inode("b")).toBe(inode);
  expect(world.wire.transfers()).toEqual({ uploads: 0, downloads: 0 });
  await world.assertAlways();
});

test("B9 with folders: two folders change places on either side (S49)", async () => {
  await using world = await World.synced("a/1: one\nb/2: two\nc/3: three\nd/4: four");
  world.local.move("a", "spare");
  world.local.move("b", "a");
  world.local.move("spare", "b");
  await world.remote.move("c", "spare");
  await world.remote.move("d", "c");
  await world.remote.move("spare", "d");
  await world.sync();
  expect(await world.both()).toBe("a/2: two\nb/1: one\nc/4: four\nd/3: three");
  expect(world.wire.transfers()).toEqual({ uploads: 0, downloads: 0 });
  await world.assertAlways();
});

test("B12: a rename here and a removal there keeps the renamed file (S37)", async () => {
  await using world = await World.synced("f: 0");
  world.local.move("f", "g");
  await world.remote.remove("f");
  await world.sync();
  expect(await world.both()).toBe("g: 0");
  await world.assertAlways();
});

test("B13: what moved out of a folder that was removed there stays (S37, S40)", async () => {
  await using world = await World.synced("d/1: a\nd/2: b");
  await world.remote.remove("d");
  world.local.move("d/1", "1");
  await world.sync();
  expect(await world.both()).toBe("1: a");
  await world.assertAlways();
});

test("B19: a change of case here is a change of case there, of the same file (S16, S19)", async () => {
  await using world = await World.synced("f.txt: 0");
  const id = await world.remote.id("f.txt");
  world.local.move("f.txt", "F.TXT");
  await world.sync();
  expect(await world.both()).toBe("F.TXT: 0");
  expect(await world.remote.id("F.TXT")).toBe(id);
  expect(world.wire.transfers()).toEqual({ uploads: 0, downloads: 0 });
  await world.assertAlways();
});

test("B22: a rename and a new file at the old name are told apart (S19)", async () => {
  await using world = await World.synced("a: 1");
  world.local.move("a", "b");
  world.local.write("a", "9");
  await world.sync();
  expect(await world.both()).toBe("a: 9\nb: 1");
  await world.assertAlways();
});

test("G1: two local names that are one to the server are both kept (S42)", async () => {
  await using world = await World.open();
  world.local.write("File.txt", "1");
  world.local.write("file.txt", "2");
  await world.sync();
  expect(world.localText()).toBe("File.txt: 1\nfile.txt: 2");
  const there = await world.remoteText();
  expect(there).toMatch(/^File\.txt: 1\nfile \(case conflict\)\.txt: 2$/);
  world.local.write("file.txt", "3");
  await world.sync();
  expect(await world.remoteText()).toBe(there.replace(": 2", ": 3"));
  await world.assertAlways();
});
