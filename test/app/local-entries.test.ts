import { expect, test } from "vitest";
import { hashedEntries } from "../../src/app/local-entries.ts";
import { SnapError } from "../../src/std/error.ts";
import type { LocalSide } from "../../src/ports.ts";
import { MemorySource } from "../support/memory-source.ts";

test("N50: what cannot be read is not what the index says of it", async () => {
  const source = new MemorySource().write("a", "content");
  source.isTrusted = true;
  const hash = (): Promise<never> => Promise.reject(new SnapError("disk-error", "it fails", {}));
  // oxlint-disable-next-line typescript/consistent-type-assertions, typescript/no-unsafe-type-assertion -- the one method that is called
  const local = { hash } as unknown as LocalSide;
  const [known] = await Array.fromAsync(hashedEntries({ source, local }, {}));
  expect(known?.hash).toBeDefined();
  const [read] = await Array.fromAsync(hashedEntries({ source, local, rehash: true }, {}));
  expect(read).toMatchObject({ path: "a", flags: ["unreadable"] });
  expect([read?.hash, read?.blocks]).toEqual([undefined, undefined]);
});
