/** A time in which something is left alone, ms since 1970. */
export type Pause = { readonly from: number; readonly until: number };

/** Whether it is not over. A clock that went back behind its beginning tells nothing of its end: then it is over (S84). */
export function goesOn({ from, until }: Pause, now: number): boolean {
  return from <= now && now < until;
}
