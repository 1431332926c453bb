/**
 * The main job on real files: a folder is synced, captured, damaged on both sides until the cloud is newer, and
 * restored; at the end workspace, cloud and snapshot are proved equal by content hash. Needs no account and no network.
 *
 * Everything is done by the built `snap` in processes of its own, as a user would do it; the other side of the cloud
 * is played through the official SDK. Exit code 1 if anything is not as it should be.
 */
import { Story } from "./quickstart-parts/story.ts";
import { openScratch } from "./quickstart-parts/scratch.ts";
import { copyRealTree } from "./quickstart-parts/real-tree.ts";
import { damageCloud, damageWorkspace } from "./quickstart-parts/damage.ts";
import { proveEqual } from "./quickstart-parts/proof.ts";

const story = new Story();
const scratch = openScratch();
const stop = (): void => {
  story.stop();
  scratch.remove();
  process.exit(130);
};
process.on("SIGINT", stop);
process.on("SIGTERM", stop);

try {
  const { workspace, home } = scratch;
  const snap = story.commands(scratch);
  await story.step("Copy a real tree", () => copyRealTree(workspace));
  await story.step("Log in to the embedded account", () =>
    snap("login", "--local", "--name", "Freddy"),
  );
  await story.step("Link the workspace", () => snap("link", workspace, "/quickstart", "--yes"));
  await story.step("Sync it to the cloud", () => snap("sync"));
  await story.step("Capture it", () => snap("capture", "--label", "before the accident"));
  await story.step("Damage the workspace", () => damageWorkspace(workspace));
  await story.step("Sync the damage", () => snap("sync"));
  await story.step("Damage the cloud from another device", () => damageCloud(home));
  await story.step("Sync what the cloud has newer", () => snap("sync"));
  await story.step("Damage the workspace once more", () => damageWorkspace(workspace, "late"));
  await story.step("Restore the snapshot", () => snap("restore", "before the accident", "--yes"));
  await story.step("Prove workspace = cloud = snapshot", () =>
    proveEqual(scratch, "before the accident"),
  );
  await story.step("Check that nothing is left to do", () => snap("status"));
  story.end();
} catch (error) {
  story.fail(error);
  process.exitCode = 1;
} finally {
  scratch.remove();
}
