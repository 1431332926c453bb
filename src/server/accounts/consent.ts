import { present } from "../../std/assert.ts";
import { isSnapError } from "../../std/error.ts";
import { attemptSeconds } from "../limits.ts";
import { WriteFailure } from "../wire/failure.ts";
import type { Page, PageCall } from "../wire/pages.ts";
import { listAccounts, passwordOf } from "./account.ts";
import type { Account } from "./account.ts";
import type { AuthorizeRequest } from "./authorize-request.ts";
import { codeResponse, consentResponse, deniedResponse, troubleResponse } from "./consent-page.ts";
import { formBody } from "./form-body.ts";
import type { Granted } from "./oauth.ts";
import { withValues } from "./redirect.ts";

/** `/oauth2/authorize`, and the form of it that older clients know (V18). */
export const consentPage: Page = {
  route: "oauth2/authorize",
  path: /^(?:\/1)?\/oauth2\/authorize$/,
  async run(call) {
    try {
      return await answer(call);
    } catch (error) {
      // The user reads it, and no app: a redirect that was not checked may lead anywhere.
      if (isSnapError(error)) return troubleResponse(error.message, 400);
      if (error instanceof WriteFailure) return troubleResponse("The server has no room left", 503);
      throw error;
    }
  },
};

/** A request for consent, and what the browser sent with it. */
type Visit = PageCall & { readonly asked: AuthorizeRequest };

async function answer(call: PageCall): Promise<Response> {
  const { method } = call.request;
  if (!["GET", "HEAD", "POST"].includes(method)) {
    return troubleResponse("It is opened by a browser, with GET", 405);
  }
  const visit = { ...call, asked: call.oauth.request(call.url.search) };
  return method === "POST" ? await decide(visit) : ask(visit, {}, 200);
}

/** What is shown again of an answer that was not enough. */
type Again = { readonly chosen?: string; readonly trouble?: string };

function ask({ services, oauth, asked, url }: Visit, again: Again, status: number): Response {
  const accounts = listAccounts(services.database);
  const isKept = (account: Account): boolean =>
    passwordOf(services.database, account) !== undefined;
  return consentResponse(
    {
      request: asked,
      formToken: oauth.gate.formToken(url.search),
      accounts,
      asksPassword: accounts.some(isKept),
      asksBindToken: oauth.gate.asksBindToken,
      ...again,
    },
    status,
  );
}

async function decide(visit: Visit): Promise<Response> {
  const { oauth, request, asked, url } = visit;
  if (!isOwnForm(request, url)) {
    return troubleResponse("The answer came from another site's page", 403);
  }
  const form = await formBody(request);
  if (!oauth.gate.takeForm(form.get("form_token") ?? "", url.search)) {
    const trouble =
      "This page was answered before, or stood open for too long. Please answer again.";
    return ask(visit, { trouble }, 403);
  }
  switch (form.get("decision") ?? "") {
    case "deny":
      return denied(asked);
    case "allow":
      return await allow(visit, form);
    default:
      return ask(visit, { trouble: "Please choose to allow or to deny." }, 400);
  }
}

/**
 * Whether a form was sent by this server's own page. Browsers say where a form comes from; a program that says nothing
 * still needs the form's token.
 */
function isOwnForm(request: Request, url: URL): boolean {
  const site = request.headers.get("sec-fetch-site");
  if (site !== null && site !== "same-origin" && site !== "none") return false;
  const origin = request.headers.get("origin");
  return origin === null || URL.parse(origin)?.host === url.host;
}

async function allow(visit: Visit, form: URLSearchParams): Promise<Response> {
  const { services, oauth, asked } = visit;
  const chosen = form.get("account") ?? "";
  const account = listAccounts(services.database).find(({ id }) => id === chosen);
  if (account === undefined) return ask(visit, { trouble: "Please choose an account." }, 400);
  const [password, bindToken] = [form.get("password") ?? "", form.get("bind_token") ?? ""];
  const admitted = await oauth.gate.admits({ account, password, bindToken });
  if (admitted === "too-many") {
    const trouble = `Too many attempts. Please wait ${attemptSeconds} seconds.`;
    const refusal = ask(visit, { chosen, trouble }, 429);
    refusal.headers.set("retry-after", String(attemptSeconds));
    return refusal;
  }
  if (!admitted) return ask(visit, { chosen, trouble: wrongSecret(visit) }, 403);
  return allowed(asked, oauth.grant(account.id, asked));
}

/** Which of the two it was is not said. */
function wrongSecret({ oauth }: Visit): string {
  return oauth.gate.asksBindToken
    ? "The server's token or the password is not right."
    : "The password is not right.";
}

function allowed({ app, redirectUri, state }: AuthorizeRequest, granted: Granted): Response {
  if (granted.kind === "token") {
    const { expires_in: seconds, refresh_token: _, ...values } = granted.tokens;
    const uri = present(redirectUri, "the redirect of a token");
    return goTo(uri, "fragment", { ...values, expires_in: String(seconds), state });
  }
  if (redirectUri === undefined) return codeResponse(app.name, granted.code);
  return goTo(redirectUri, "query", { code: granted.code, state });
}

function denied({ app, redirectUri, responseType, state }: AuthorizeRequest): Response {
  if (redirectUri === undefined) return deniedResponse(app.name);
  const place = responseType === "token" ? "fragment" : "query";
  const description = "The user chose not to give your app access to their Dropbox account.";
  const values = { error: "access_denied", error_description: description, state };
  return goTo(redirectUri, place, values);
}

/** 303, so that the browser asks with GET; nothing of this page's address goes along. */
function goTo(
  uri: string,
  place: "query" | "fragment",
  values: Readonly<Record<string, string | undefined>>,
): Response {
  const headers = {
    location: withValues(uri, place, values),
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
  };
  return new Response(null, { status: 303, headers });
}
