import { expect, test } from "vitest";
import { realWorlds, scenario, shown } from "../support/scenario.ts";
import { World } from "../support/world.ts";

/**
 * Names that Windows does not hold faithfully (X11). On Linux they are names like any other, as far as Dropbox takes them:
 * nothing is made of them that another name is, and nothing is left out.
 */
const windowsNames: readonly string[] = [
  ["CON", "con", "Prn.txt", "aux.c", "NUL", "nul.tar.gz", "COM1", "com9.log", "LPT1", "COM¹"],
  ["CONIN$", "CONOUT$", "CLOCK$", "con .txt"],
  ["dot.", "dots...", "...", " space before", "dot. x"],
  ["name:stream", "f.txt::$DATA", "C:", "c:x"],
  ["PROGRA~1", "LONGNA~1.TXT", "a~9"],
  ["less<more>", 'quote"s', "pipe|d", "what?", "star*", "tab\there", "bell\u0007"],
].flat();

const distinct = windowsNames.filter(
  (name, at) => !windowsNames.slice(0, at).some((one) => one.toLowerCase() === name.toLowerCase()),
);

const asFiles = distinct.map((name) => `${name}: file ${name}`).join("\n");
const asFolders = distinct.map((name) => `in/${name}/f: in ${name}`).join("\n");

scenario("X11: names that Windows does not hold are synced between Linux and Dropbox as they are", {
  base: "keep: k",
  acts: async ({ R }) => {
    for (const name of distinct) {
      await R.write(name, `file ${name}`);
      await R.write(`in/${name}/f`, `in ${name}`);
    }
  },
  both: `keep: k\n${asFiles}\n${asFolders}`,
  mirrored: `keep: k\n${asFiles}\n${asFolders}`,
});

scenario("X11: they are edited, moved and removed like others", {
  base: "NUL: 1\ndot.: 2\nname:stream: 3\nPROGRA~1/f: 4",
  acts: async ({ L, R }) => {
    await L.write("NUL", "5");
    await R.move("dot.", "PROGRA~1/aux.txt");
    await L.remove("name:stream");
    await R.write("PROGRA~1/f", "6");
  },
  both: "NUL: 5\nPROGRA~1/aux.txt: 2\nPROGRA~1/f: 6",
  mirrored: "NUL: 5\nPROGRA~1/aux.txt: 2\nPROGRA~1/f: 6",
});

/** On a disk of Linux; a backslash would be a path of Windows, `\\?\` and `\\server\share` too. */
const refusedHere: readonly string[] = ["a\\b", "\\\\?\\C:\\x", "\\\\server\\share", "back\\"];

test.each(realWorlds)(
  "X11, S14: names with a backslash stay on the disk and are told; their siblings are synced [$name]",
  async ({ options }) => {
    await using world = await World.open(options());
    for (const name of refusedHere) world.local.write(`d/${name}`, "stays");
    world.local.write("d/good", "1");
    const report = await world.syncOnce();
    expect(report.exit).toBe(4);
    expect(report.left.map(({ kind, path }) => `${kind} ${path}`).toSorted()).toEqual(
      refusedHere.map((name) => `refused d/${name}`).toSorted(),
    );
    expect(await world.remoteText()).toBe("d/good: 1");
    for (const name of refusedHere) expect(world.local.read(`d/${name}`)).toBe("stays");
  },
);

/** Names that Dropbox does not take, and a disk of Linux does. */
const refusedThere: readonly string[] = ["space ", "del\u007f"];

test.each(realWorlds)(
  "X11, S85: names that Dropbox refuses stay on the disk and are told; their siblings are synced [$name]",
  async ({ options }) => {
    await using world = await World.open(options());
    for (const name of refusedThere) {
      world.local.write(`d/${name}`, "stays");
      world.local.write(`${name}/f`, "stays, too");
    }
    world.local.write("d/good", "1");
    const report = await world.syncOnce();
    expect(report.exit).toBe(4);
    const told = report.left.map(({ kind, path }) => `${kind} ${path}`);
    expect(told).toEqual(
      expect.arrayContaining(
        refusedThere.flatMap((name) => [`parked d/${name}`, `parked ${name}`]),
      ),
    );
    expect(shown(await world.remoteText())).toBe("d/good: 1");
    for (const name of refusedThere) {
      expect(world.local.read(`d/${name}`)).toBe("stays");
      expect(world.local.read(`${name}/f`)).toBe("stays, too");
    }
  },
);
