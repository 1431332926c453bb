import { expect, test } from "vitest";
import type { RemoteChange, RemotePage } from "../../src/core/tree/remote-item.ts";
import { pathKeyOf } from "../../src/core/path/path-key.ts";
import { parseRelPath } from "../../src/core/path/rel-path.ts";
import type { RemoteSide } from "../../src/ports.ts";
import { failing } from "../remote/faulty.ts";
import { at, failure, linkedServer, uploadOf } from "../remote/linked.ts";
import { hydrate, listed, thinOf } from "./listed-scenes.ts";
import { ScratchStore, all, contentOf, entryAt, noise } from "./scratch-store.ts";
import { outOfRuns } from "../../src/std/runs.ts";

function present(kind: "file" | "folder", path: string): RemoteChange {
  const keys = path.split("/").map(pathKeyOf);
  const name = path.slice(path.lastIndexOf("/") + 1);
  const facts = { rev: "123456789", hash: "ab".repeat(32), size: 1, modified: 5 };
  const item = { kind, path: parseRelPath(path), keys, name, ...facts, remoteId: `id:${path}` };
  return { change: "present", item };
}

/** A side that lists these pages. */
function pagesOf(pages: readonly RemotePage[]): Pick<RemoteSide, "pages"> {
  return {
    pages: async function* () {
      yield* pages;
      await Promise.resolve();
    },
  };
}

test("N40: a listing is read to its end, with what changed meanwhile, and its last cursor is kept", async () => {
  const refused = { change: "refused", path: "x\\y", place: "x\\y", reason: "its name" } as const;
  const files = [present("folder", "d"), present("file", "d/a"), present("file", "d/gone")];
  const removed = { change: "removed", keys: [pathKeyOf("d"), pathKeyOf("gone")] } as const;
  using folder = await listed(
    pagesOf([
      { changes: files, cursor: "1", complete: false, restart: true },
      { changes: [], cursor: "2", complete: false, restart: false },
      {
        changes: [removed, refused, present("file", "D/B"), present("file", "out/x")],
        cursor: "3",
        complete: true,
        restart: false,
      },
    ]),
    (name) => name !== "out",
  );
  const left: unknown[] = [];
  const entries = await all(outOfRuns(folder.source.entries((one) => left.push(one))));
  expect(entries.map(({ path }) => path)).toEqual(["d", "d/B", "d/a"]);
  expect(left).toEqual([{ path: "x\\y", reason: "Left in Dropbox: its name" }]);
  expect(await folder.source.facts()).toMatchObject({ side: "remote", cursor: "3" });
});

test("N40: the cursor is ended in the middle, and the listing that begins anew counts alone", async () => {
  using folder = await listed(
    pagesOf([
      { changes: [present("file", "old")], cursor: "1", complete: false, restart: true },
      { changes: [present("file", "new")], cursor: "2", complete: true, restart: true },
    ]),
  );
  const entries = await all(outOfRuns(folder.source.entries(() => {})));
  expect(entries.map(({ path }) => path)).toEqual(["new"]);
});

test("N40: a thin capture lists, and downloads nothing", async () => {
  await using linked = await linkedServer();
  using scratch = new ScratchStore();
  const root = await thinOf(linked, scratch);
  expect(root).toMatchObject({ completeness: "thin", counts: { files: 2, folders: 1 } });
  const routes = linked.routes.filter((route) => route.startsWith("files/"));
  expect(routes.filter((route) => route !== "files/upload")).toEqual(["files/list_folder"]);
});

test("N42: a token that ended, a busy server and a body that breaks off cost nothing but time", async () => {
  await using linked = await linkedServer();
  using scratch = new ScratchStore();
  const root = await thinOf(linked, scratch);
  const faults = failing("files/download", [
    () => failure(401, { ".tag": "expired_access_token" }),
    () => failure(429, { reason: { ".tag": "too_many_requests" }, retry_after: 2 }),
  ]);
  let cuts = 0;
  linked.intercept = async (request, pass) => {
    const answer = await faults(request, pass);
    if (request.route !== "files/download" || !answer.ok || cuts >= 2) return answer;
    cuts += 1;
    const bytes = new Uint8Array(await answer.arrayBuffer());
    const { status, headers } = answer;
    return new Response(bytes.subarray(0, bytes.length / 2), { status, headers });
  };
  const { root: full } = await hydrate(linked, scratch, root);
  expect([full.completeness, cuts]).toEqual(["full", 2]);
  const store = await scratch.open();
  const big = await contentOf(store, await entryAt(store, full, "big"));
  expect(big).toEqual(noise(6_000_000));
});

test("N42: a file that was changed since is fetched as it was listed; one that is restricted is left", async () => {
  await using linked = await linkedServer();
  using scratch = new ScratchStore();
  const root = await thinOf(linked, scratch);
  const item = await linked.remote.get(at("d/a"));
  await linked.remote.upload(uploadOf("d/a", "other", { replaces: item?.rev }));
  linked.intercept = async ({ route, init }, pass) => {
    const isBig = !new Headers(init?.headers).get("dropbox-api-arg")?.includes(item?.rev ?? "-");
    return route === "files/download" && isBig
      ? failure(409, { ".tag": "path", path: { ".tag": "restricted_content" } })
      : await pass();
  };
  const { root: partial } = await hydrate(linked, scratch, root);
  expect(partial.completeness).toBe("partial");
  expect(partial.left.items).toMatchObject([
    { path: "big", reason: expect.stringContaining("content-restricted") },
  ]);
  const store = await scratch.open();
  const text = await contentOf(store, await entryAt(store, partial, "d/a"));
  expect(text.toString()).toBe("one");
});
