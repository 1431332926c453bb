/** What whoever runs this file is told who excludes a folder with a file that nobody may read, as JSON. */
import { chmodSync } from "node:fs";
import path from "node:path";
import { addExclusions, listExclusions } from "../../src/app/exclude.ts";
import { isSnapError } from "../../src/std/error.ts";
import { LinkedHome } from "./linked-home.ts";

await using home = await LinkedHome.open({ "d/1": "1", "e/2": "2" });
const { environment, place } = home;
home.write("d/mine", "not in Dropbox yet");
chmodSync(path.join(place, "d/mine"), 0o000);

async function told(folder: string): Promise<unknown> {
  try {
    await addExclusions(environment, { place, paths: [folder], dryRun: false });
    return "excluded";
  } catch (error) {
    if (!isSnapError(error)) throw error;
    return { exit: error.exit, message: error.message, hint: error.hint };
  }
}

const answers = {
  d: await told("d"),
  e: await told("e"),
  list: listExclusions(environment, place),
};
process.stdout.write(JSON.stringify(answers));
