/** What stands in the place of a secret. */
const hidden = "[hidden]";

/** Secrets by their own form, each with what is kept of it before and behind (X15). */
const forms: readonly RegExp[] = [
  // A header, in any spelling.
  /(\b(?:bearer|basic)\s+)[\w.~+/=-]{8,}()/giu,
  // Dropbox's access tokens.
  /(\b)sl\.[\w.-]{8,}()/gu,
  // Members and parameters whose name says that they are secret.
  /((?:access_token|refresh_token|client_secret|code_verifier|authorization|session_id|upload_session_id|password|token)["']?\s*[=:]\s*["']?)(?!\[hidden)[\w.~+/%-]{8,}()/giu,
  // What comes back from a login.
  /([?&](?:code|state)=)[^&\s"']+()/giu,
  // Links that need no login.
  /(https:\/\/[\w.-]*dropbox(?:usercontent)?\.com\/)[^\s"'<>]+()/giu,
  // Name and password of a proxy.
  /(\bhttps?:\/\/)[^\s/@:]+:[^\s/@]+(@)/giu,
];

/** A text for a log without what would let somebody in: tokens, codes, upload sessions, links, passwords of proxies (X15). */
export function redact(text: string): string {
  return forms.reduce((shown, form) => shown.replace(form, `$1${hidden}$2`), text);
}
