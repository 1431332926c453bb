import { join, resolve } from "node:path";

/**
 * Where the daemon of a home meets others, as `locate` tells it; the module that asks the platform is loaded only where it has to
 * be asked.
 *
 * @param home `SNAP_HOME`, where it is set
 */
export async function runPlace(home: string | undefined): Promise<{ readonly run: string }> {
  if (home !== undefined && home !== "") return { run: join(resolve(home), "run") };
  const { locate } = await import("../state/locations.ts");
  return locate({ SNAP_HOME: undefined });
}
