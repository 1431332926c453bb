/** Why a number cannot be computed; it becomes the reason of a `notComputed` (G36), never damage. */
export class Unproven extends Error {
  override readonly name = "Unproven";
  readonly reason: string;

  /** @param reason a word or two with hyphens, as `--json` shows it */
  constructor(reason: string) {
    super(`Not computed: ${reason}`);
    this.reason = reason;
  }
}
