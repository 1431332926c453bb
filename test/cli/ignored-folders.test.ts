import { appendFileSync, renameSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { DaemonBox } from "../support/daemon-box.ts";

/** Do something when somebody listens, and wait until ops have ended; all ops until then. */
async function activities(
  box: DaemonBox,
  wanted: readonly string[],
  act: () => void,
): Promise<readonly string[]> {
  const done: string[] = [];
  return await box.event((event) => {
    if (event.type === "daemon") act();
    if (event.type !== "activity") return undefined;
    done.push(`${event.activity.kind} ${event.activity.path}`);
    return wanted.every((each) => done.includes(each)) ? done : undefined;
  });
}

test("S95: an ignored folder is not watched; when it is ignored no more it goes up, and is watched", async () => {
  await using box = await DaemonBox.linked();
  const { box: files } = box;
  files.write(".mignore", "build/\n");
  files.write("build/deep/a.txt", "one");
  files.write("src/a.txt", "one");
  await box.run(0, "start");
  expect((await box.until("idle")).watch).toMatchObject({ coverage: "whole", folders: 2 });
  const quiet = await activities(box, ["R.put src/b.txt"], () => {
    files.write("build/deep/a.txt", "two");
    files.write("build/new/b.txt", "two");
    files.write("src/b.txt", "two");
  });
  expect(quiet).toEqual(["R.put src/b.txt"]);
  await activities(box, ["R.put build/deep/a.txt", "R.put build/new/b.txt"], () => {
    files.write(".mignore", "");
  });
  await activities(box, ["R.put build/new/c.txt", "R.put build/deep/a.txt"], () => {
    files.write("build/new/c.txt", "three");
    appendFileSync(path.join(files.workspace, "build/deep/a.txt"), "!");
  });
  const { workspaces } = await box.status();
  expect(workspaces[0]?.watch).toMatchObject({ coverage: "whole", folders: 5 });
});

test("S91: what is moved out of an ignored folder goes up", async () => {
  await using box = await DaemonBox.linked();
  const { box: files } = box;
  files.write(".mignore", "build/\n");
  files.write("build/out/deep/a.txt", "one");
  await box.run(0, "start");
  await box.until("idle");
  await activities(box, ["R.put out/deep/a.txt"], () => {
    renameSync(path.join(files.workspace, "build/out"), path.join(files.workspace, "out"));
  });
});
