import { expect, test } from "vitest";
import { noteExclusions } from "../../src/engine/guards/disk-exclusions.ts";
import { checkWorkspace } from "../../src/engine/guards/presence.ts";
import { at, LinkedWorkspace } from "./linked-workspace.ts";

test("S116: the marker names an excluded folder until all of it has come down again", async () => {
  await using workspace = await LinkedWorkspace.open();
  const { deps } = workspace;
  const marker = await checkWorkspace(deps);
  const d = at("d");
  await deps.local.writeMarker({ ...marker, excluded: [d] });
  const waits = { path: "d/x", kind: "parked", reason: "there is no room" } as const;
  await noteExclusions(deps, [waits]);
  expect(await deps.local.readMarker()).toMatchObject({ excluded: [d] });
  await noteExclusions(deps, [{ ...waits, path: "dd/x" }]);
  expect(await deps.local.readMarker()).not.toHaveProperty("excluded");
});

test("S116, S117: the marker of a workspace that was put back during a sync stays as it is", async () => {
  await using workspace = await LinkedWorkspace.open();
  const { deps } = workspace;
  const marker = await checkWorkspace(deps);
  const image = { ...marker, excluded: [at("d")] };
  await deps.local.writeMarker(image);
  deps.index.transaction(() => deps.index.setMeta("marked", String(marker.generation + 1)));
  await expect(noteExclusions(deps, [])).rejects.toMatchObject({ code: "rolled-back" });
  expect(await deps.local.readMarker()).toEqual(image);
});
