import { programVersion } from "../../app/version.ts";
import { defineCommand, type AnyCommand } from "../context.ts";

/** `snap version` */
export const versionCommand: AnyCommand = defineCommand({
  command: "version",
  describe: "Print the version of snap and of its runtime",
  builder: (parser) => parser,
  run: ({ output }) => {
    output.print(`snap ${programVersion()} (Node.js ${process.version})`);
    output.result("version", 0, { snap: programVersion(), node: process.version });
    return Promise.resolve(0);
  },
});
