import os from "node:os";

/** Codes that a disk in memory answers with. */
export type DiskCode =
  | "EACCES"
  | "EBADF"
  | "EEXIST"
  | "EILSEQ"
  | "EINVAL"
  | "EIO"
  | "EISDIR"
  | "ELOOP"
  | "EMFILE"
  | "ENAMETOOLONG"
  | "ENOENT"
  | "ENOSPC"
  | "ENOTDIR"
  | "ENOTEMPTY"
  | "ENXIO"
  | "EPERM"
  | "EXDEV";

/** What a failed system call looks like to a program of Node: code, number and name of the call. */
export class DiskFailure extends Error {
  readonly code: DiskCode;
  readonly errno: number;
  readonly syscall: string;

  constructor(code: DiskCode, syscall: string, about = "") {
    super(`${code}: ${syscall} ${about}`);
    this.code = code;
    this.errno = -(os.constants.errno[code] ?? 0);
    this.syscall = syscall;
  }
}
