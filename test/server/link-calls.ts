import { expect } from "vitest";
import type { Answer, CheckedServer } from "../support/checked-server.ts";

/** The parsed body of an answer. */
export type Json = Answer["json"];

/** Authorisation of an app for itself. */
export const basic: Record<string, string> = {
  authorization: `Basic ${Buffer.from("key:secret").toString("base64")}`,
};

/** Ask for a link. */
export function createLink(
  checked: CheckedServer,
  path: string,
  { settings, token = checked.token }: { settings?: object; token?: string } = {},
): Promise<Answer> {
  const argument = { path, ...(settings !== undefined && { settings }) };
  return checked.rpc("sharing/create_shared_link_with_settings", argument, { token });
}

/** The address of a new link. */
export async function linkTo(checked: CheckedServer, path: string): Promise<string> {
  const { json } = await createLink(checked, path);
  expect(json.url, path).toContain("&dl=0");
  return json.url;
}

/** `sharing/list_shared_links`. */
export async function listLinks(
  checked: CheckedServer,
  argument: object,
  token: string = checked.token,
): Promise<Json> {
  return (await checked.rpc("sharing/list_shared_links", argument, { token })).json;
}

/** The address under which a browser shows what is linked. */
export function raw(url: string): string {
  return url.replace("dl=0", "raw=1");
}

/** Status and body of what anybody gets. */
export async function fetched(checked: CheckedServer, url: string): Promise<[number, string]> {
  const answer = await checked.fetch(url);
  return [answer.status, await answer.text()];
}
