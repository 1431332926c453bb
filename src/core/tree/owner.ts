/** Who owns a file, as `uid:gid` in decimal (N38). */
export type Owner = string;

/** The largest id that a system takes; the next one means "leave it as it is". */
const idMax = 2 ** 32 - 2;

/** Whether a text from outside is an owner. */
export function isOwner(text: string): boolean {
  const [, user, group] = /^(0|[1-9]\d{0,9}):(0|[1-9]\d{0,9})$/.exec(text) ?? [];
  return user !== undefined && Number(user) <= idMax && Number(group) <= idMax;
}

/** Of what a system says: this user may not give a file away, or the container has no such user. */
export function isOwnerRefused(code: string | undefined): boolean {
  return code === "EPERM" || code === "EINVAL" || code === "ENOTSUP";
}

/**
 * The mode of what was or was not given to its owner: setuid and setgid would give the rights of whoever runs this to the content of
 * somebody else (X9).
 */
export function modeFor(mode: number, isGiven: boolean): number {
  return isGiven ? mode : mode & 0o777;
}

/** Why a path has not the owner that it should have. */
export function ownerRefusal(owner: Owner): string {
  return `it cannot be given to ${owner} (user:group) by this user`;
}

/** The two ids of a checked owner. */
export function idsOf(owner: Owner): { readonly user: number; readonly group: number } {
  const [user, group] = owner.split(":");
  return { user: Number(user), group: Number(group) };
}
