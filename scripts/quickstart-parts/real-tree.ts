import { copyFile, mkdir, readdir, stat } from "node:fs/promises";
import path from "node:path";

const filesWanted = 3100;
const bytesWanted = 52 * 1024 * 1024;
/** Room for a handful of large files, so that uploads in parts take part too. */
const fileBytesMax = 16 * 1024 * 1024;
const packages = path.join(import.meta.dirname, "../../node_modules");

/** Copy installed packages, in order of name, until there are enough files and bytes. */
export async function copyRealTree(workspace: string): Promise<string> {
  let files = 0;
  let bytes = 0;
  for (const name of (await readdir(packages)).toSorted()) {
    if (name.startsWith(".")) continue;
    for (const file of await filesBelow(path.join(packages, name))) {
      const { size } = await stat(file);
      if (size > fileBytesMax) continue;
      await copyTo(file, path.join(workspace, path.relative(packages, file)));
      files += 1;
      bytes += size;
    }
    if (files >= filesWanted && bytes >= bytesWanted) break;
  }
  if (files < 3000 || bytes < 50 * 1024 * 1024) {
    throw new Error(`The installed packages are too few: ${files} files, ${bytes} bytes`);
  }
  return `${files} files, ${(bytes / 2 ** 20).toFixed(0)} MiB of installed packages`;
}

async function filesBelow(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .toSorted();
}

async function copyTo(source: string, target: string): Promise<void> {
  await mkdir(path.dirname(target), { recursive: true });
  await copyFile(source, target);
}
