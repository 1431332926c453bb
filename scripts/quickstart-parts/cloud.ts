import path from "node:path";
import { Dropbox } from "dropbox";
import { openServer } from "../../src/server/serve.ts";
import { systemRng } from "../../src/std/random.ts";
import { systemClock } from "../../src/std/time.ts";

const top = "/quickstart";

/** A file in the cloud, by its path below the linked folder. */
export type CloudFile = { readonly path: string; readonly hash: string };

/** The embedded account seen by another device: the official SDK, nothing of the sync. */
export interface Cloud extends AsyncDisposable {
  files(): Promise<readonly CloudFile[]>;
  write(file: string, text: string): Promise<void>;
  remove(file: string): Promise<void>;
  move(from: string, to: string): Promise<void>;
}

export async function openCloud(home: string): Promise<Cloud> {
  const server = await openServer({
    data: path.join(home, "server"),
    clock: systemClock,
    rng: systemRng,
  });
  const [account] = server.accounts();
  if (account === undefined) throw new Error("The embedded account is missing");
  const { accessToken } = server.issueToken(account.id);
  const sdk = new Dropbox({ accessToken, fetch: server.fetch });
  return {
    files: () => listAll(sdk),
    async write(file, text) {
      await sdk.filesUpload({
        path: `${top}/${file}`,
        contents: text,
        mode: { ".tag": "overwrite" },
      });
    },
    async remove(file) {
      await sdk.filesDeleteV2({ path: `${top}/${file}` });
    },
    async move(from, to) {
      await sdk.filesMoveV2({ from_path: `${top}/${from}`, to_path: `${top}/${to}` });
    },
    [Symbol.asyncDispose]: () => server.close(),
  };
}

async function listAll(sdk: Dropbox): Promise<readonly CloudFile[]> {
  const found: CloudFile[] = [];
  let { result } = await sdk.filesListFolder({ path: top, recursive: true });
  for (;;) {
    for (const entry of result.entries) {
      if (entry[".tag"] !== "file") continue;
      const below = (entry.path_display ?? "").slice(top.length + 1);
      if (!below.startsWith(".snap/")) found.push({ path: below, hash: entry.content_hash ?? "" });
    }
    if (!result.has_more) return found;
    ({ result } = await sdk.filesListFolderContinue({ cursor: result.cursor }));
  }
}
