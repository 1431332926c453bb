import { html } from "../accounts/html.ts";
import type { Html } from "../accounts/html.ts";
import { dispositionOf, servedFile } from "../files/served-file.ts";
import { zipResponse } from "../files/zip.ts";
import { nameOf } from "../tree/node.ts";
import { textResponse } from "../wire/answer.ts";
import { EndpointFailure } from "../wire/failure.ts";
import type { Page, PageCall } from "../wire/pages.ts";
import { addressOf } from "./link-address.ts";
import { openLink } from "./shared-links.ts";
import type { OpenLink } from "./shared-links.ts";

/**
 * What is behind a shared link, for anybody who has it: a page about it, with `dl=1` the thing itself to keep, with
 * `raw=1` to show. A folder is always a zip file then.
 */
export const sharedLinkPage: Page = {
  route: "shared_link",
  path: /^\/scl\/f[io]\//,
  run: serveLink,
};

async function serveLink(call: PageCall): Promise<Response> {
  const { request, services, url } = call;
  if (!["GET", "HEAD"].includes(request.method)) return wrongMethod();
  const address = addressOf(url);
  const open = address === undefined ? undefined : openLink(services, address);
  if (open === undefined) {
    return htmlResponse(
      call,
      404,
      html`<title>Not found</title>
        <p>This link leads nowhere, or it has ended.</p>`,
    );
  }
  const isRaw = url.searchParams.get("raw") === "1";
  if (!isRaw && url.searchParams.get("dl") !== "1") return aboutPage(call, open);
  const { node, tree } = open;
  if (node.kind === "folder") return await zipped(call, open);
  return servedFile(call, { tree, file: node, how: isRaw ? "inline" : "attachment" });
}

async function zipped(call: PageCall, { link, node }: OpenLink): Promise<Response> {
  if (node.kind === "file") throw new Error("A file is not served as a zip file");
  try {
    const answer = await zipResponse(call, link.account, node);
    const name = `${nameOf(node.display)}.zip`;
    answer.headers.set("content-disposition", dispositionOf("attachment", name));
    return answer;
  } catch (error) {
    if (!(error instanceof EndpointFailure)) throw error;
    return textResponse("The folder is too large to be downloaded at once.", 409);
  }
}

/** Name, size, and where to get it; no script, nothing from elsewhere. */
function aboutPage(call: PageCall, { node, tree, link }: OpenLink): Response {
  const name = nameOf(node.display);
  const kind = node.kind === "file" ? "File" : "Folder";
  const download = `?rlkey=${link.secret}&dl=1`;
  return htmlResponse(
    call,
    200,
    html`<title>${name}</title>
      <h1>${name}</h1>
      <p>${kind}, ${String(tree.subtreeBytes(node))} bytes</p>
      <p><a href="${download}" rel="noreferrer">Download</a></p>`,
  );
}

function htmlResponse({ request }: PageCall, status: number, content: Html): Response {
  const page = html`<!doctype html>
    <html lang="en">
      <meta charset="utf-8" />${content}
    </html>`;
  const headers = {
    "content-type": "text/html; charset=utf-8",
    "content-security-policy":
      "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
  };
  return new Response(request.method === "HEAD" ? null : page.markup, { status, headers });
}

function wrongMethod(): Response {
  const answer = textResponse("Expecting method GET, HEAD", 405);
  answer.headers.set("allow", "GET, HEAD");
  return answer;
}
