import { expect, test } from "vitest";
import { CheckedServer } from "../support/checked-server.ts";
import { linkTo } from "./link-calls.ts";

test("V48: a link can be revoked while its file is gone, and does not come back with it", async () => {
  await using checked = await CheckedServer.open();
  const { rev } = await checked.upload("/f", "1");
  const url = await linkTo(checked, "/f");
  await checked.rpc("files/delete_v2", { path: "/f" });
  const revoke = (more: object = {}) => checked.rpc("sharing/revoke_shared_link", { url }, more);
  const other = checked.server.addAccount({ name: "Bob" });
  const { accessToken: token } = checked.server.issueToken(other.id);
  expect((await revoke({ token })).json.error).toEqual({ ".tag": "shared_link_access_denied" });
  expect((await revoke()).text).toBe("null");
  await checked.rpc("files/restore", { path: "/f", rev });
  expect((await checked.fetch(url)).status).toBe(404);
  expect((await revoke()).json.error).toEqual({ ".tag": "shared_link_not_found" });
});

test("V16, V48: an app with a folder revokes the links of what was removed from it, and no others", async () => {
  await using checked = await CheckedServer.open();
  checked.server.addApp({ key: "boxed", folder: "Boxed" });
  const { accessToken: token } = checked.server.issueToken(checked.accountId, {
    clientId: "boxed",
  });
  const urls: string[] = [];
  for (const path of ["/Apps/Boxed/in", "/out", "/Apps/Boxed/left"]) {
    await checked.upload(path, "1");
    urls.push(await linkTo(checked, path));
  }
  await checked.rpc("files/move_v2", { from_path: "/Apps/Boxed/left", to_path: "/left" });
  const revokeAll = async () => {
    const answers = [];
    for (const url of urls) {
      answers.push(await checked.rpc("sharing/revoke_shared_link", { url }, { token }));
    }
    return answers.map(({ json }) => json?.error[".tag"] ?? "revoked");
  };
  checked.clock.seconds += 1;
  const denied = "shared_link_access_denied";
  await checked.rpc("files/delete_v2", { path: "/left" });
  await checked.rpc("files/delete_v2", { path: "/out" });
  await checked.rpc("files/delete_v2", { path: "/Apps/Boxed/in" });
  expect(await revokeAll()).toEqual(["revoked", denied, denied]);
});
