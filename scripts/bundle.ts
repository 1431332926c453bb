/**
 * Put the command line together in few files below dist/cli, and copy there what it needs beside it. To find and to read a
 * thousand modules would take longer than most commands do. The library stays as the compiler left it.
 */
import { chmod, copyFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { globSync } from "node:fs";
import path from "node:path";
import { rolldown } from "rolldown";

const root = path.join(import.meta.dirname, "..");
const target = path.join(root, "dist/cli");

/** What is started by its name: the program, its short way for a status, and the threads. */
const entries = [
  "src/cli/main.ts",
  "src/cli/fast-status.ts",
  "src/cli/compiled-code.ts",
  ...inRoot("src/**/*-worker.ts"),
];

/** Packages that every command needs. The others stay where they are, for the few commands that load them. */
const everywhere: readonly string[] = [
  "env-paths",
  "lowdb",
  "p-limit",
  "picocolors",
  "yargs",
  "zod",
];

/**
 * How yargs measures the lines of help, which hold no wide characters. The package that it has for that knows every emoji by expressions
 * that take 12 ms to read in, whether or not help is asked for.
 */
const plainWidth = {
  name: "plain-width",
  resolveId: (id: string): string | undefined =>
    id === "string-width" ? "\0plain-width" : undefined,
  load: (id: string): string | undefined =>
    id === "\0plain-width"
      ? 'import { stripVTControlCharacters } from "node:util"; export default (text) => [...stripVTControlCharacters(text)].length;'
      : undefined,
};

const copies = ["src/cli/launch.cjs", ...inRoot("src/**/*.json")].filter(
  (file) => !file.endsWith("tsconfig.json"),
);

requireOwnNames([...entries, ...copies]);
await rm(target, { recursive: true, force: true });
const modules = await bundleProgram();
await writeFile(path.join(target, "LICENSES.txt"), await licencesOf(modules));
// The runtime loads such modules in less time than those that the source is written in.
await writeFile(path.join(target, "package.json"), '{ "type": "commonjs" }\n');
for (const file of copies) await copyBeside(file);
await chmod(path.join(target, "launch.cjs"), 0o755);

/** All of them come into one folder. */
function requireOwnNames(files: readonly string[]): void {
  const byName = Map.groupBy(files, (file) => path.basename(file));
  for (const [name, same] of byName) {
    if (same.length > 1) throw new Error(`${same.join(" and ")} are both called ${name}`);
  }
}

function inRoot(pattern: string): readonly string[] {
  return globSync(pattern, { cwd: root });
}

/** @returns the files that went into it */
async function bundleProgram(): Promise<readonly string[]> {
  await using bundle = await rolldown({
    cwd: root,
    platform: "node",
    plugins: [plainWidth],
    // yargs would look for settings that extend others with it; there are none.
    transform: { define: { "import.meta.resolve": "undefined" } },
    input: Object.fromEntries(entries.map((file) => [path.basename(file, ".ts"), file])),
    external: (id, importer) => {
      const isBuiltIn = id.startsWith("node:");
      const isPackage = !/^[./]/u.test(id) && importer?.includes("/node_modules/") !== true;
      return isBuiltIn || (isPackage && !everywhere.includes(id));
    },
  });
  const { output } = await bundle.write({ dir: target, format: "cjs" });
  return output.flatMap((chunk) => (chunk.type === "chunk" ? chunk.moduleIds : []));
}

/** The library finds it where the source has it; the program, whose modules are all in one folder, finds it there. */
async function copyBeside(file: string): Promise<void> {
  const mirrored = path.join(root, "dist", path.relative("src", file));
  await mkdir(path.dirname(mirrored), { recursive: true });
  await copyFile(path.join(root, file), mirrored);
  await copyFile(path.join(root, file), path.join(target, path.basename(file)));
}

/** What the packages inside the program ask to be kept with them. */
async function licencesOf(files: readonly string[]): Promise<string> {
  const folders = files.flatMap(
    (file) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/u.exec(file) ?? [],
  );
  const texts = [...new Set(folders)].toSorted().map(async (folder) => {
    const [licence] = globSync("{LICENSE,LICENCE,license}*", { cwd: folder });
    if (licence === undefined) throw new Error(`No licence in ${folder}`);
    return `${path.basename(folder)}\n\n${await readFile(path.join(folder, licence), "utf8")}`;
  });
  return (await Promise.all(texts)).join(`\n${"-".repeat(80)}\n\n`);
}
