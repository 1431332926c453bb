/**
 * What the world leaves out because the engine is known to fail at it: each line is to be removed together with the fault.
 */
export const known: {
  /** Disks that fold case: a rename that changes only the case has no free place there, and is never carried out (S68). */
  readonly foldingDisks: boolean;
  /** Rules that two devices write at the same time: those of the server never come down to the other device (S38, S90). */
  readonly rulesInConflict: boolean;
} = {
  // known: `L.move` links to the new name, which is taken by the old one.
  foldingDisks: false,
  // known: the download of the rules waits for its place, and the local rules stand there for ever.
  rulesInConflict: false,
};
