/** Where the calls of one client begin, and when that changes under it (S35; fact sheet 1.10). */
import { expect, test } from "vitest";
import { code } from "./faulty.ts";
import {
  at,
  failure,
  linkedServer,
  linesOf,
  allOf,
  read,
  uploadOf,
  type Linked,
} from "./linked.ts";

/** A member of a team that has looked for its linked folder, and found it. */
async function member(top: string): Promise<Linked> {
  const linked = await linkedServer(top, { team: true });
  await linked.remote.makeTop();
  await linked.remote.upload(uploadOf("a", "one"));
  linked.routes.length = 0;
  return linked;
}

test("S35: a root that has changed is asked for once, and the call is repeated from there", async () => {
  await using linked = await member("/Shared");
  linked.server.changeTeam(linked.account, "join");
  const items = await Promise.all(["a", "a", "b"].map((name) => linked.remote.get(at(name))));
  expect(items.map((item) => item?.path)).toEqual(["a", "a", undefined]);
  const asked = linked.routes.filter((route) => route === "users/get_current_account");
  expect(asked).toHaveLength(1);
  const item = await linked.remote.upload(uploadOf("b", "two"));
  expect(await read(linked.remote, item)).toBe("two");
  expect(linesOf(await allOf(linked.remote.pages(undefined)))).toEqual(["file a", "file b"]);
});

test("S35: a download that begins under the old root comes from the new one", async () => {
  await using linked = await member("/Shared");
  const [item] = await allOf(linked.remote.list(at(""), { recursive: true }));
  linked.server.changeTeam(linked.account, "join");
  expect(item === undefined ? "" : await read(linked.remote, item)).toBe("one");
});

test("S35: where the linked folder is not found from the new root, no call reaches it", async () => {
  await using linked = await member("/Ada Example/project");
  linked.server.changeTeam(linked.account, "leave");
  for (const attempt of [
    () => linked.remote.upload(uploadOf("b", "two")),
    () => linked.remote.get(at("a")),
    () => linked.remote.account(),
    () => linked.remote.upload(uploadOf("c", "three")),
  ]) {
    await expect(attempt()).rejects.toThrow(code("account-changed"));
  }
  expect(linked.routes).not.toContain("files/create_folder_v2");
  expect(linked.clock.slept).toEqual([]);
  linked.server.changeTeam(linked.account, "join");
  expect(await linked.remote.get(at("b"))).toBeUndefined();
  expect(await linked.remote.get(at("a"))).toMatchObject({ path: "a" });
});

test("S35: a root that changes with every answer is followed once", async () => {
  await using linked = await member("/Shared");
  let refused = 0;
  linked.intercept = async ({ route }, pass) => {
    if (route !== "files/upload") return pass();
    refused += 1;
    return failure(422, { ".tag": "invalid_root", invalid_root: { ".tag": "user" } });
  };
  await expect(linked.remote.upload(uploadOf("b", "x"))).rejects.toThrow(code("account-changed"));
  expect(refused).toBe(2);
});

test("S35: a root that the account may not use is an error that says so", async () => {
  await using linked = await member("/Shared");
  linked.intercept = async ({ route }, pass) =>
    route === "files/get_metadata" ? failure(422, { ".tag": "no_permission" }) : pass();
  const error: unknown = await linked.remote.get(at("a")).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: "account-changed" });
  expect(String(error)).toContain("may not use the root of its team");
});

test("X13: a root that is no namespace is put into no header", async () => {
  await using linked = await linkedServer("/Shared");
  const headers: (string | null)[] = [];
  linked.intercept = async ({ route, init }, pass) => {
    if (route !== "users/get_current_account") {
      headers.push(new Headers(init?.headers).get("dropbox-api-path-root"));
      return pass();
    }
    const info = { root_namespace_id: '1"}\r\nx: y', home_namespace_id: "2" };
    const name = { display_name: "A" };
    return Response.json({ account_id: linked.account, email: "", name, root_info: info });
  };
  expect(await linked.remote.get(at("a"))).toBeUndefined();
  expect([...new Set(headers)]).toEqual([null]);
});
