import { closeSync, constants, openSync } from "node:fs";
import { basename, dirname } from "node:path";
import { SnapError } from "../../std/error.ts";

/** The name of the socket in the data folder (V7). */
export const socketName = "server.sock";

/** Longer paths do not fit into the address of a Unix socket: 104 bytes with the last 0 on some systems. */
const pathBytesMax = 100;

/** A path that fits, until it is released; that may be done twice. */
export type ShortPath = { readonly path: string; release(): void };

/**
 * The path of a Unix socket in a form that the system takes. On Linux a long one goes through the opened folder.
 *
 * @throws {SnapError} `path-invalid` where there is no such way; a system error when the folder cannot be opened.
 */
export function shortPath(path: string, platform: NodeJS.Platform = process.platform): ShortPath {
  if (Buffer.byteLength(path) <= pathBytesMax) return { path, release: () => {} };
  if (platform !== "linux") {
    throw new SnapError("path-invalid", `The path is too long for a socket: "${path}"`, {
      path,
      hint: `Choose a data folder whose path is shorter: at most ${pathBytesMax} bytes with "/${socketName}".`,
    });
  }
  let folder: number | undefined = openSync(
    dirname(path),
    constants.O_RDONLY | constants.O_DIRECTORY,
  );
  return {
    path: `/proc/self/fd/${folder}/${basename(path)}`,
    release: () => {
      if (folder !== undefined) closeSync(folder);
      folder = undefined;
    },
  };
}
