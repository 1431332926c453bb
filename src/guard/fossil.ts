import { readFirst, type Bytes } from "./read-only.ts";

/** What a file of Fossil is: the state of a checkout, or a whole repository. */
export type FossilFile = "checkout" | "repository";

/** SQLite's own header, and where a program puts its mark into it (SQLite, "The Database Header"). */
const header = "SQLite format 3\0";
const idAt = 68;
const checkoutId = 0x0f05_5112;
const repositoryId = 0x0f05_5111;

/** By the first bytes of a file (G11). `database`: one of SQLite without Fossil's mark; undefined for anything else. */
export function fossilFile(path: Bytes): FossilFile | "database" | undefined {
  const start = readFirst(path, idAt + 4);
  if (start === undefined || start.length < idAt + 4) return undefined;
  if (start.toString("latin1", 0, header.length) !== header) return undefined;
  const id = start.readUInt32BE(idAt);
  if (id === checkoutId) return "checkout";
  return id === repositoryId ? "repository" : "database";
}
