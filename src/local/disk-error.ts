import { SnapError, isSnapError, systemCode, type ErrorCode } from "../std/error.ts";

type Meaning = { readonly code: ErrorCode; readonly says: string; readonly hint: string };

const lookAtDisk = "Look at the system log and at the health of the disk.";
const tryLater = "It is tried again by itself.";
const renameIt = "Give it another name.";
const allowIt = "Give yourself access to it with chmod or chown.";
const makeRoom = "Make room, then run the same command again: it goes on where it stopped.";

const gone: Meaning = { code: "not-found", says: "is not there", hint: tryLater };
const notPlain: Meaning = {
  code: "conflict",
  says: "lies behind something that is no real folder of this disk",
  hint: "Links and other disks inside a workspace are left alone. Put a real folder there.",
};
const denied: Meaning = { code: "permission-denied", says: "may not be accessed", hint: allowIt };
const full: Meaning = { code: "disk-full", says: "did not fit on the disk", hint: makeRoom };
const readOnly: Meaning = {
  code: "disk-read-only",
  says: "is on a disk that is mounted read-only",
  hint: "Mount it for writing, then run the same command again.",
};
const broken: Meaning = {
  code: "disk-error",
  says: "could not be read or written",
  hint: lookAtDisk,
};
const unnameable: Meaning = {
  code: "name-refused",
  says: "has a name that this disk cannot hold",
  hint: renameIt,
};
const inUse: Meaning = { code: "volatile", says: "is in use just now", hint: tryLater };
const taken: Meaning = { code: "place-taken", says: "is there already", hint: tryLater };
const tooLarge: Meaning = {
  code: "too-large",
  says: "is larger than a file may be here",
  hint: "Leave it out with a rule in .mignore.",
};

const meanings: ReadonlyMap<string, Meaning> = new Map([
  ["ENOENT", gone],
  ["ENOTDIR", notPlain],
  ["ELOOP", notPlain],
  ["EXDEV", notPlain],
  ["EACCES", denied],
  ["EPERM", denied],
  ["ENOSPC", full],
  ["EDQUOT", full],
  ["EROFS", readOnly],
  ["EIO", broken],
  ["ENXIO", broken],
  ["ESTALE", broken],
  ["ENODEV", broken],
  ["ENAMETOOLONG", unnameable],
  ["EILSEQ", unnameable],
  ["EINVAL", unnameable],
  ["EBUSY", inUse],
  ["ETXTBSY", inUse],
  ["EMFILE", inUse],
  ["ENFILE", inUse],
  ["EEXIST", taken],
  ["ENOTEMPTY", taken],
  ["EISDIR", taken],
  ["EFBIG", tooLarge],
]);

/** What an error of the operating system means for a path. Errors of ours, and mistakes in the program, are returned as they are. */
export function asDiskError(error: unknown, path: string): unknown {
  if (isSnapError(error)) return error;
  const code = systemCode(error) ?? "";
  const meaning = meanings.get(code) ?? (isOfTheSystem(code) ? broken : undefined);
  if (meaning === undefined) return error;
  const shown = path === "" ? "The workspace" : `"${path}"`;
  return new SnapError(meaning.code, `${shown} ${meaning.says}`, {
    path,
    hint: meaning.hint,
    cause: error,
  });
}

/** Codes of Node itself begin with `ERR_`: a call was wrong. */
function isOfTheSystem(code: string): boolean {
  return /^E[A-Z0-9]+$/.test(code);
}

/** Do something with a path; what the operating system says against it is thrown as a `SnapError`. */
export async function translated<T>(path: string, work: () => Promise<T> | T): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw asDiskError(error, path);
  }
}

/**
 * As `translated`, for what is ours below `.snap/`: without it nothing can be synced at all, so what would be trouble with one
 * item elsewhere ends the sync here (S83).
 */
export async function translatedOwn<T>(path: string, work: () => Promise<T> | T): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const ours = asDiskError(error, path);
    if (!isSnapError(ours) || ours.class !== "item") throw ours;
    const { message, hint } = ours;
    throw new SnapError("disk-error", message, {
      path,
      ...(hint !== undefined && { hint }),
      cause: error,
    });
  }
}
