import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Api } from "./api.ts";

const filesInFolder = 1_000;
const foldersInCopy = 9;

/** Bytes of each file. */
const fileBytes = 16;

/** Files come in copies of so many: as many as the API copies in one call. */
export const filesInCopy: number = filesInFolder * foldersInCopy;

/** Folders of many small files below a folder of the disk, the same as `fillAccount` makes. */
export function fillFolder(top: string, copies: number): void {
  for (let copy = 0; copy < copies; copy += 1) {
    for (let folder = 0; folder < foldersInCopy; folder += 1) {
      const place = path.join(top, nameOfCopy(copy), nameOfFolder(folder));
      mkdirSync(place, { recursive: true });
      for (let file = 0; file < filesInFolder; file += 1) {
        writeFileSync(path.join(place, nameOfFile(file)), contentOf(folder, file));
      }
    }
  }
}

/** The same below a folder of the account: the first copy goes up in batches, the server makes the others of it. */
export async function fillAccount(api: Api, top: string, copies: number): Promise<void> {
  const first = `${top}/${nameOfCopy(0)}`;
  for (let folder = 0; folder < foldersInCopy; folder += 1) await uploadFolder(api, first, folder);
  for (let copy = 1; copy < copies; copy += 1) {
    const to = `${top}/${nameOfCopy(copy)}`;
    await api.rpc("files/copy_v2", { from_path: first, to_path: to });
  }
}

async function uploadFolder(api: Api, top: string, folder: number): Promise<void> {
  const { session_ids: ids } = await api.rpc("files/upload_session/start_batch", {
    num_sessions: filesInFolder,
  });
  const sessions: readonly string[] = ids;
  const entries = sessions.map((session_id) => ({
    cursor: { session_id, offset: 0 },
    length: fileBytes,
    close: true,
  }));
  const body = sessions.map((_, file) => contentOf(folder, file));
  await api.upload("files/upload_session/append_batch", { entries }, [Buffer.concat(body)]);
  const answer = await api.rpc("files/upload_session/finish_batch_v2", {
    entries: sessions.map((session_id, file) => ({
      cursor: { session_id, offset: fileBytes },
      commit: { path: `${top}/${nameOfFolder(folder)}/${nameOfFile(file)}` },
    })),
  });
  const results: readonly Record<string, unknown>[] = answer.entries;
  if (results.some((result) => result[".tag"] !== "success")) {
    throw new Error("The account was not filled");
  }
}

const nameOfCopy = (copy: number): string => `part ${copy}`;
const nameOfFolder = (folder: number): string => `folder ${folder}`;
const nameOfFile = (file: number): string => `document number ${file}.txt`;

function contentOf(folder: number, file: number): Buffer {
  return Buffer.from(`${folder} ${file}`.padEnd(fileBytes));
}
