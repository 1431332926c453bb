import type { StoreFileWriter, StoreFiles } from "../../src/snapshot/store-files.ts";

/** What every call throws once the process is "dead": cleaning up fails too, as it would not run. */
export class Killed extends Error {}

/** The files, and what the system does with a dead process: its open files are closed. */
export type StoppedFiles = { readonly files: StoreFiles; readonly close: () => Promise<void> };

/**
 * Files of a store whose process is killed at its call number `callsLeft`: that call and every later one does nothing.
 * Calls that change nothing are not counted.
 */
export function stoppingFiles(files: StoreFiles, callsLeft: number): StoppedFiles {
  let left = callsLeft;
  const opened: StoreFileWriter[] = [];
  const act = <T>(work: () => Promise<T>): Promise<T> => {
    left -= 1;
    return left < 0 ? Promise.reject(new Killed()) : work();
  };
  const look = <T>(work: () => Promise<T>): Promise<T> =>
    left < 0 ? Promise.reject(new Killed()) : work();
  const write = async (): Promise<StoreFileWriter> => {
    const inner = await act(() => files.write());
    opened.push(inner);
    return writer(inner);
  };
  const writer = (inner: StoreFileWriter): StoreFileWriter => ({
    append: (bytes) => act(() => inner.append(bytes)),
    commit: (name) => act(() => inner.commit(name)),
    discard: () => act(() => inner.discard()).catch(() => {}),
  });
  const stopped: StoreFiles = {
    top: files.top,
    makeFolders: (names) => act(() => files.makeFolders(names)),
    get: (name, bytesMax) => look(() => files.get(name, bytesMax)),
    range: (name, range) => look(() => files.range(name, range)),
    size: (name) => look(() => files.size(name)),
    list: (folder) => look(() => files.list(folder)),
    folders: (folder) => look(() => files.folders(folder)),
    put: async (name, bytes) => {
      const file = await write();
      await file.append(bytes);
      await file.commit(name);
    },
    create: (name, bytes) => act(() => files.create(name, bytes)),
    append: (name, bytes) => act(() => files.append(name, bytes)),
    move: (from, to) => act(() => files.move(from, to)),
    link: (from, to) => act(() => files.link(from, to)),
    remove: (name) => act(() => files.remove(name)),
    flush: (folder) => act(() => files.flush(folder)),
    removeFolder: (name) => act(() => files.removeFolder(name)),
    write,
    freeBytes: () => look(() => files.freeBytes()),
  };
  return {
    files: stopped,
    close: async () => {
      await Promise.all(opened.map((file) => file.discard()));
    },
  };
}
