import { enableCompileCache } from "node:module";
import { ownCodeFolder } from "../app/own-code.ts";

/** Have the runtime keep the compiled code of what is loaded from now on, and take what it kept (X29). */
export function keepCompiledCode(variables: NodeJS.ProcessEnv): void {
  const folder = ownCodeFolder(variables);
  if (folder !== undefined) enableCompileCache(folder);
}
