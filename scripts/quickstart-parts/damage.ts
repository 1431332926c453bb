import { readdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { openCloud } from "./cloud.ts";

/** Each kind of damage hits one file in so many; no file is hit twice in one round. */
const parts = 40;

/** Overwrite, delete, rename and add in the workspace; `mark` makes every run of it another damage. */
export function damageWorkspace(workspace: string, mark = "first"): string {
  const files = filesOf(workspace);
  const share = (part: number): readonly string[] =>
    files.filter((_, index) => index % parts === part);
  const [overwritten, deleted, renamed] = [share(1), share(2), share(3)];
  for (const file of overwritten) writeFileSync(file, `damaged ${mark}: ${path.basename(file)}\n`);
  for (const file of deleted) rmSync(file);
  for (const file of renamed) renameSync(file, `${file}.${mark}-renamed`);
  const folder = readdirSync(workspace, { withFileTypes: true }).find(
    (entry) =>
      entry.isDirectory() && !entry.name.startsWith(".") && !entry.name.startsWith("moved-"),
  );
  if (folder === undefined) throw new Error("The workspace has no folder to move");
  renameSync(
    path.join(workspace, folder.name),
    path.join(workspace, `moved-${mark}-${folder.name.replace("@", "")}`),
  );
  for (let number = 0; number < 40; number += 1) {
    writeFileSync(path.join(workspace, `added-${mark}-${number}.txt`), `added ${mark} ${number}\n`);
  }
  return `${overwritten.length} files overwritten, ${deleted.length} deleted, ${renamed.length} renamed, 40 added, a folder moved`;
}

function filesOf(workspace: string): readonly string[] {
  return readdirSync(workspace, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.includes(`${path.sep}.snap`))
    .map((entry) => path.join(entry.parentPath, entry.name))
    .filter((file) => statSync(file).size > 0)
    .toSorted();
}

/** Edit, delete, move and add in the cloud, as another device of the account would. */
export async function damageCloud(home: string): Promise<string> {
  await using cloud = await openCloud(home);
  const files = (await cloud.files()).toSorted((a, b) => a.path.localeCompare(b.path, "en"));
  const share = (part: number): readonly string[] =>
    files.filter((_, index) => index % parts === part).map((file) => file.path);
  const [edited, deleted, moved] = [share(5), share(6), share(7)];
  for (const file of edited) await cloud.write(file, `newer in the cloud: ${file}\n`);
  for (const file of deleted) await cloud.remove(file);
  for (const file of moved) await cloud.move(file, `${file}.cloud-renamed`);
  for (let number = 0; number < 25; number += 1) {
    await cloud.write(`from elsewhere/note ${number}.txt`, `written elsewhere ${number}\n`);
  }
  return `${edited.length} files edited, ${deleted.length} deleted, ${moved.length} moved, 25 added: the cloud is newer`;
}
