import { consentPage } from "../accounts/consent.ts";
import { tokenEndpoint } from "../accounts/token-endpoint.ts";
import type { OAuth } from "../accounts/oauth.ts";
import type { Services } from "./call.ts";
import { temporaryLinkPage, temporaryUploadPage } from "../files/temporary-link-pages.ts";
import { sharedLinkPage } from "../sharing/link-pages.ts";

/** A request for something that is no function of the API: what a browser opens, links, tokens. */
export type PageCall = {
  readonly services: Services;
  readonly oauth: OAuth;
  readonly request: Request;
  /** The request's address; its path is without a host in front (V8). */
  readonly url: URL;
};

/** How such a request is served. */
export type Page = {
  /** Its name for faults and counters. */
  readonly route: string;
  /** Matches the whole path. */
  readonly path: RegExp;
  readonly run: (call: PageCall) => Promise<Response>;
};

/** Everything that is served outside `/2/`. */
export const pages: readonly Page[] = [
  consentPage,
  tokenEndpoint,
  temporaryLinkPage,
  temporaryUploadPage,
  sharedLinkPage,
];
