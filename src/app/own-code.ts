import { codeFolder, isOwnCode } from "../state/code-folder.ts";
import { locate } from "../state/locations.ts";
import { programVersion } from "./version.ts";

/** Where compiled code of this version is kept, if nobody else can have put anything there (X29). */
export function ownCodeFolder(variables: NodeJS.ProcessEnv): string | undefined {
  const { code } = locate({ SNAP_HOME: variables["SNAP_HOME"] });
  const folder = codeFolder(code, programVersion());
  return isOwnCode(folder) ? folder : undefined;
}
