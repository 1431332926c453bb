/** A fault that is put into a copy of the source, to see whether the tests notice. */
export type Fault = {
  readonly file: string;
  /** Text that is in the file exactly once. */
  readonly from: string;
  readonly to: string;
  /** What goes wrong with it. */
  readonly breaks: string;
};
