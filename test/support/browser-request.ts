import { request } from "node:http";
import { text } from "node:stream/consumers";

/** What came back. */
export type Asked = { readonly status: number; readonly body: string; readonly headers: object };

/**
 * A request to a page of this computer as a browser makes it that was sent there, or whoever pretends to be one: the `fetch` of
 * the runtime says that it is none.
 */
export async function ask(
  port: number,
  target: string,
  options: { readonly method?: string; readonly headers?: Record<string, string> } = {},
): Promise<Asked> {
  const headers = { host: `127.0.0.1:${port}`, ...options.headers };
  const sent = request({ host: "127.0.0.1", port, path: target, method: options.method, headers });
  return new Promise((resolve, reject) => {
    sent.on("error", reject).on("response", (response) => {
      const { statusCode: status = 0, headers: got } = response;
      text(response).then((body) => resolve({ status, body, headers: got }), reject);
    });
    sent.end();
  });
}
