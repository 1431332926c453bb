/** What is known of a call when its work is about to begin. */
export type CallFacts = {
  /** `files/upload`, `oauth2/token`. */
  readonly route: string;
  /** `dbid:…`, where somebody was recognised. */
  readonly account: string | undefined;
  /** The path that the argument names first. */
  readonly path: string | undefined;
};

/** How a page of a listing differs from an honest one (V72); it stays one that the real service could send. */
export type PageFault =
  | { readonly kind: "empty" | "short" | "duplicated" | "reordered" | "children-first" | "split" }
  /** As it was so many lines of the journal ago. */
  | { readonly kind: "stale"; readonly lines: number };

/** What a call is to do otherwise than it would by itself (V72, V74); nothing by default. */
export type Disturbance = {
  readonly page?: PageFault;
  /** `longpoll` says at once that something changed. */
  readonly spuriousChange?: boolean;
  /** `longpoll` asks for a pause. */
  readonly backoffSeconds?: number;
  /** The cursor counts as one of an epoch that is over. */
  readonly resetCursor?: boolean;
  /** Dates that the server sets are off by this much. */
  readonly clockSkewSeconds?: number;
  /** A job that starts now says `in_progress` to so many checks. */
  readonly jobPolls?: number;
};

/** How a call goes on after the interposer has seen it. */
export type Passage = { readonly request: Request; readonly disturbance: Disturbance };

/**
 * Stands between calls and their work: counts, delays and breaks them (V70–V75).
 *
 * Any method may throw a failure, which is answered as if the route had thrown it, or a `ConnectionCut`.
 */
export interface Interposer {
  /** After the caller and the argument are known, before the work. */
  before(facts: CallFacts, request: Request): Promise<Passage>;
  /** After the work, whether it succeeded or not; what it returns is sent. */
  after(facts: CallFacts, answer: Response): Promise<Response>;
  /** Around each commit to the namespace of an account. */
  commit<T>(account: number, work: () => Promise<T>): Promise<T>;
}

/** Lets everything pass as it is. */
export const openPassage: Interposer = {
  before: (_facts, request) => Promise.resolve({ request, disturbance: {} }),
  after: (_facts, answer) => Promise.resolve(answer),
  commit: (_account, work) => work(),
};
