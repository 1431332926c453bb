import { nameProblem } from "../core/path/names.ts";
import { SnapError } from "../std/error.ts";

/**
 * The remote folder that a person named, as links store it: "" for the root of the account, else `/folder/sub`. A missing
 * slash in front is added, one at the end is dropped.
 *
 * @throws {SnapError} `path-invalid`
 */
export function parseRemotePath(named: string): string {
  const names = named.replace(/^\//, "").replace(/\/$/, "").split("/");
  if (names.length === 1 && names[0] === "") return "";
  for (const name of names) {
    const problem = nameProblem(name) ?? (name.endsWith(" ") ? "ends with a space" : undefined);
    if (problem === undefined) continue;
    throw new SnapError(
      "path-invalid",
      `Not a folder in Dropbox: "${named}": the name "${name}" ${problem}`,
      {
        path: named,
        hint: "Give a path like /project/notes.",
      },
    );
  }
  return `/${names.join("/").normalize("NFC")}`;
}
