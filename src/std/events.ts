/** A list of listeners for one kind of event; listeners never throw back into the emitter's work. */
export type Listener<E> = (event: E) => void;

/** Progress of long work: `done` of `total`, in items and bytes; total is undefined while it is not known. */
export type Progress = {
  readonly step: string;
  readonly done: number;
  readonly total: number | undefined;
  readonly bytes: number;
  readonly bytesTotal: number | undefined;
  /** What is worked on now: a path, for display. */
  readonly current?: string;
};

/** Gets the progress of long work. */
export type ProgressListener = Listener<Progress>;

/** What every slow function accepts: a way to stop it and a way to watch it. */
export type Work = {
  readonly signal?: AbortSignal;
  readonly onProgress?: ProgressListener;
  /** Told of bytes of content that have arrived where they go; some may come more than once. */
  readonly onBytes?: Listener<number>;
};
