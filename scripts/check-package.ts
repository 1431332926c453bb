/** Pack the project as it would be published and look at the tarball: its files, exports and types. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";

const root = path.join(import.meta.dirname, "..");
const scratch = mkdtempSync(path.join(os.tmpdir(), "snap-package-"));
const run = (command: string, args: readonly string[]): string =>
  execFileSync(command, args, {
    cwd: root,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });

try {
  const [packed] = JSON.parse(
    run("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", scratch]),
  );
  const strangers = packed.files
    .map((file: { path: string }) => file.path)
    .filter((file: string) => !/^(dist\/.*|package\.json|README\.md|LICENSE)$/.test(file));
  if (strangers.length > 0)
    throw new Error(`Unexpected files in the package: ${strangers.join(", ")}`);
  const tarball = path.join(scratch, packed.filename);
  run("publint", ["run", tarball, "--strict"]);
  run("attw", [tarball, "--profile", "esm-only"]);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
