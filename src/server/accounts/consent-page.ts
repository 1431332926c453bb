import type { AccountInfo } from "./account.ts";
import type { AuthorizeRequest } from "./authorize-request.ts";
import { html } from "./html.ts";
import type { Html } from "./html.ts";
import { styleElement, stylePolicy } from "./consent-style.ts";
import { policySource } from "./redirect.ts";
import { scopeInWords } from "./scopes.ts";

/** What the page of one request shows. */
export type ConsentView = {
  readonly request: AuthorizeRequest;
  readonly formToken: string;
  /** The account that is chosen already; absent for none. */
  readonly chosen?: string | undefined;
  readonly accounts: readonly AccountInfo[];
  readonly asksPassword: boolean;
  readonly asksBindToken: boolean;
  /** What was wrong with the last answer. */
  readonly trouble?: string | undefined;
};

/** Ask the user to allow or deny (V18). */
export function consentResponse(view: ConsentView, status: number): Response {
  const { app, redirectUri } = view.request;
  const body = html`<h1>Allow “${app.name}” to use a Dropbox of this server?</h1>
    ${view.trouble === undefined ? undefined : html`<p class="alert" role="alert">${view.trouble}</p>`}
    <p>${accessInWords(view.request)}</p>
    ${app.isRegistered ? undefined : html`<p class="soft">Nobody registered this app with the server: “${app.key}” is what it calls itself.</p>`}
    <h2>It will be able to</h2>
    <ul>
      ${view.request.scopes.map((scope) => html`<li>${scopeInWords(scope)}</li>`)}
    </ul>
    ${view.accounts.length === 0 ? noAccount() : consentForm(view)}
    <p class="soft">${afterwards(redirectUri)}</p>`;
  // The redirect is in the policy too: browsers hold a form to it wherever the answer sends them.
  const ends = redirectUri === undefined ? "" : ` ${policySource(redirectUri)}`;
  const policy = view.accounts.length === 0 ? "'none'" : `'self'${ends}`;
  return pageResponse({ title: `Allow ${app.name}?`, body, status, formAction: policy });
}

function accessInWords({ app }: AuthorizeRequest): string {
  return app.folder === undefined
    ? "It asks for the whole Dropbox: every file and folder of the account."
    : `It asks for one folder, /Apps/${app.folder}, and sees nothing else.`;
}

function afterwards(redirectUri: string | undefined): string {
  if (redirectUri === undefined) return "If you allow it, you get a code to copy into the app.";
  return `Afterwards you go on to ${new URL(redirectUri).origin}.`;
}

function noAccount(): Html {
  return html`<p class="alert" role="alert">
    The server has no account yet. Make one with <code>snap server account add</code>, then load
    this page again.
  </p>`;
}

function consentForm(view: ConsentView): Html {
  return html`<form method="post" autocomplete="off">
    <input type="hidden" name="form_token" value="${view.formToken}" />
    ${accountChoice(view)}
    ${view.asksPassword ? secretField({ name: "password", label: passwordLabel(view), autocomplete: "current-password" }) : undefined}
    ${view.asksBindToken ? secretField({ name: "bind_token", label: "Token of this server, as set by --bind-token", autocomplete: "off" }) : undefined}
    <div class="actions">
      <button class="main" name="decision" value="allow">Allow</button>
      <button name="decision" value="deny" formnovalidate>Deny</button>
    </div>
  </form>`;
}

function accountChoice({ accounts, chosen }: ConsentView): Html {
  const [only] = accounts;
  if (only !== undefined && accounts.length === 1) {
    return html`<p>Account: <strong>${only.name}</strong> (${only.email})</p>
      <input type="hidden" name="account" value="${only.id}" />`;
  }
  return html`<fieldset>
    <legend>Account</legend>
    ${accounts.map(
      ({ id, name, email }) =>
        html`<label
          ><input
            type="radio"
            name="account"
            value="${id}"
            required${id === chosen ? html` checked` : undefined}
          />
          ${name} (${email})</label
        >`,
    )}
  </fieldset>`;
}

function passwordLabel({ accounts }: ConsentView): string {
  return accounts.length === 1
    ? "Password of the account"
    : "Password of the account, if it has one";
}

type SecretField = { readonly name: string; readonly label: string; readonly autocomplete: string };

function secretField({ name, label, autocomplete }: SecretField): Html {
  return html`<label for="${name}">${label}</label>
    <input type="password" id="${name}" name="${name}" autocomplete="${autocomplete}" />`;
}

/** The code, for an app without an address to send it to. */
export function codeResponse(appName: string, code: string): Response {
  const body = html`<h1>Copy this code</h1>
    <p>Give it to “${appName}”. It serves once, for ten minutes.</p>
    <p id="code-name">Code</p>
    <output class="code" id="code" tabindex="0" aria-labelledby="code-name">${code}</output>`;
  return pageResponse({ title: "Copy this code", body, status: 200 });
}

/** The user said no, and there is nowhere to send the answer. */
export function deniedResponse(appName: string): Response {
  const body = html`<h1>Denied</h1>
    <p>“${appName}” got nothing. You can close this page.</p>`;
  return pageResponse({ title: "Denied", body, status: 200 });
}

/** What is wrong with a request that cannot be answered. */
export function troubleResponse(trouble: string, status: number): Response {
  const body = html`<h1>This page cannot be shown</h1>
    <p class="alert" role="alert">${trouble}.</p>
    <p>Nothing was allowed. Go back to the app, and begin again there.</p>`;
  return pageResponse({ title: "This page cannot be shown", body, status });
}

type PageParts = {
  readonly title: string;
  readonly body: Html;
  readonly status: number;
  /** Where a form of the page may lead; absent for a page without one. */
  readonly formAction?: string;
};

function pageResponse({ title, body, status, formAction = "'none'" }: PageParts): Response {
  const { markup } = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title}</title>
        ${styleElement()}
      </head>
      <body>
        <main>${body}</main>
      </body>
    </html> `;
  const policy = `default-src 'none'; style-src ${stylePolicy()}; form-action ${formAction}; base-uri 'none'; frame-ancestors 'none'`;
  const headers = {
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": policy,
    "x-frame-options": "DENY",
    "cache-control": "no-store",
    // Under `no-referrer` browsers send `Origin: null` with the form, which is what a foreign page looks like, too.
    "referrer-policy": formAction === "'none'" ? "no-referrer" : "same-origin",
  };
  return new Response(markup, { status, headers });
}
