import type { World } from "../support/world.ts";

/** Routes of the calls that wrote, with how often each was called. */
export function writes(world: World): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { route } of world.wire.writes()) {
    const name = route.replace("/2/files/", "");
    if (name.includes("/check")) continue;
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

/** Small files in folders of one folder. */
export function fill(world: World, folders: number, files: number): void {
  for (let folder = 0; folder < folders; folder += 1) {
    for (let file = 0; file < files; file += 1) {
      world.local.write(`top/d${folder}/${file}`, `content ${folder} ${file}`);
    }
  }
}
