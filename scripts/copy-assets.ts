/** Copy what the compiler leaves behind, data and the launcher, from src/ to the same place below dist/. */
import { chmod, copyFile, glob, mkdir } from "node:fs/promises";
import path from "node:path";

const root = path.join(import.meta.dirname, "..");
for await (const file of glob("src/**/*.{json,cjs}", { cwd: root })) {
  if (file.endsWith("tsconfig.json")) continue;
  const target = path.join(root, "dist", path.relative("src", file));
  await mkdir(path.dirname(target), { recursive: true });
  await copyFile(path.join(root, file), target);
  if (file.endsWith(".cjs")) await chmod(target, 0o755);
}
