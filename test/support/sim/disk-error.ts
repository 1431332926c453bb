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

/** What a failed system call looks like to a program of Node: code, number and name of the call; without a stack, which costs time. */
export class DiskFailure extends Error {
  readonly code: DiskCode;
  readonly errno: number;
  readonly syscall: string;

  constructor(code: DiskCode, syscall: string, about = "") {
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(`${code}: ${syscall} ${about}`);
    Error.stackTraceLimit = stackTraceLimit;
    this.code = code;
    this.errno = -(os.constants.errno[code] ?? 0);
    this.syscall = syscall;
  }
}
