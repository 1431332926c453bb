/** Where a workspace is that is always in sync: in other hands or paused, being opened, open, or left alone after trouble. */
export type Place = "away" | "opening" | "open" | "waiting";

/** How far one attempt to keep it in sync has come. */
export type Course = {
  readonly place: Place;
  /** Somebody wanted a look since it began: nobody knows whether what failed came before or after that. */
  readonly isHurried: boolean;
};

/** What a wish for a look comes to: told to what is open, the end of the wait, or nothing more than that it is known. */
export type Hurry = "look" | "begin anew" | "nothing";

/** A new attempt. */
export const beginning: Course = { place: "opening", isHurried: false };

/** It goes on; what was wished stays known until the attempt is over. */
export function reached(course: Course, place: Place): Course {
  return { ...course, place };
}

/** Somebody wants a look now. What is open may be about to end, and what is being opened may fail: then the wish counts. */
export function hurried(course: Course): Course {
  return { ...course, isHurried: true };
}

/** What to do at once about such a wish. */
export function hurryOf({ place }: Course): Hurry {
  if (place === "open") return "look";
  return place === "waiting" ? "begin anew" : "nothing";
}

/** Whether there is to be a wait before the next attempt, after trouble in this one. One wish ends one wait. */
export function mayWait({ isHurried }: Course): boolean {
  return !isHurried;
}
