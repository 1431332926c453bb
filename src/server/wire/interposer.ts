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
  /**
   * Reads lag behind writes (V74): pages of listings see no line of the journal after this position, as if those
   * writes were still to come. `longpoll` does not look at it: it is early, as the real one is.
   */
  readonly readableUpTo?: number;
};

/** A request that has just come in. */
export type CallStart = {
  /** What the answer's `X-Dropbox-Request-Id` says. */
  readonly requestId: string;
  /** As in `CallFacts`, but not looked up yet: whatever the client put there. */
  readonly route: string;
  /** The host that was called, without port; or the first part of the path that stands for one (V8). */
  readonly host: string;
  readonly request: Request;
};

/** One call on its way past the interposer: `before` at most once, then either `after` or `lost`. */
export interface Passage {
  /** What stands for the client's request from here on. */
  readonly request: Request;
  /** After the caller and the argument are known, before the work. What it throws is answered as if the route had. */
  before(facts: CallFacts): Promise<Disturbance>;
  /**
   * With the answer, be it a success or a failure; what it returns is sent.
   *
   * @throws {ConnectionCut} instead; {BrokenBody} when the client is gone.
   */
  after(facts: CallFacts, answer: Response): Promise<Response>;
  /** There is no answer: the connection was cut, or the client is gone. Called instead of `after`, or when it throws. */
  lost(facts: CallFacts, error: unknown): void;
}

/** Who commits. */
export type Committer = { readonly account: number; readonly signal: AbortSignal };

/** Stands between calls and their work: counts, delays and breaks them (V70–V75). */
export interface Interposer {
  /** @throws {BrokenBody} when the client is gone before the call has begun. */
  enter(start: CallStart): Promise<Passage>;
  /** Around each commit to the namespace of an account. What it throws is answered as if the route had. */
  commit<T>(committer: Committer, work: () => Promise<T>): Promise<T>;
}

/** Lets everything pass as it is. */
export const openPassage: Interposer = {
  enter: ({ request }) =>
    Promise.resolve({
      request,
      before: () => Promise.resolve({}),
      after: (_facts, answer) => Promise.resolve(answer),
      lost: () => {},
    }),
  commit: (_committer, work) => work(),
};
