import type { EngineConfig } from "../../src/engine/engine-deps.ts";
import type { Disk } from "../../src/local/disk.ts";
import type { Limits } from "../../src/server/limits.ts";
import type { UserFiles } from "./user-files.ts";
import type { Reach } from "./world-server.ts";

/** What a world is made of, where it is not the usual. */
export type WorldOptions = {
  /** Of the server, where they differ from the real ones. */
  readonly limits?: Partial<Limits>;
  readonly reach?: Reach;
  /** The calls to the system of our side, and those of the user, which must be of the same disk. */
  readonly disk?: Disk;
  readonly files?: UserFiles;
  /** Where a path of a call to that disk leads. */
  readonly whereIs?: (called: string) => string;
  readonly config?: Partial<EngineConfig>;
};
