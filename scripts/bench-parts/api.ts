import http from "node:http";

/** A plain client of a served API: few layers, so that what is measured is the server. */
export class Api {
  readonly #agent: http.Agent;
  readonly #url: URL;
  readonly #token: string;

  constructor(url: string, token: string, connections: number) {
    this.#agent = new http.Agent({ keepAlive: true, maxSockets: connections });
    this.#url = new URL(url);
    this.#token = token;
  }

  // oxlint-disable-next-line typescript/no-explicit-any -- single members of many shapes are read
  rpc(route: string, argument: unknown): Promise<any> {
    const headers = { "content-type": "application/json" };
    return this.#call(route, headers, [Buffer.from(JSON.stringify(argument))]);
  }

  /** An upload-style call with a body of pieces. */
  // oxlint-disable-next-line typescript/no-explicit-any -- single members of many shapes are read
  upload(route: string, argument: unknown, body: Iterable<Uint8Array>): Promise<any> {
    const headers = {
      "content-type": "application/octet-stream",
      "dropbox-api-arg": JSON.stringify(argument),
    };
    return this.#call(route, headers, body);
  }

  /** Bytes of a download; the content itself is dropped. */
  download(path: string): Promise<number> {
    return new Promise((resolve, reject) => {
      const headers = { "dropbox-api-arg": JSON.stringify({ path }) };
      const request = this.#request("files/download", headers, (response) => {
        let bytes = 0;
        response.on("data", (chunk: Buffer) => (bytes += chunk.length));
        response.on("end", () => resolve(bytes));
        response.on("error", reject);
      });
      request.on("error", reject);
      request.end();
    });
  }

  /** A longpoll, which wants no token. */
  // oxlint-disable-next-line typescript/no-explicit-any -- single members of many shapes are read
  longpoll(cursor: string): Promise<any> {
    const headers = { "content-type": "application/json", authorization: undefined };
    const body = Buffer.from(JSON.stringify({ cursor, timeout: 60 }));
    return this.#call("files/list_folder/longpoll", headers, [body]);
  }

  close(): void {
    this.#agent.destroy();
  }

  async #call(
    route: string,
    headers: Record<string, string | undefined>,
    body: Iterable<Uint8Array>,
  ): Promise<unknown> {
    const answer = Promise.withResolvers<unknown>();
    const request = this.#request(route, headers, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", answer.reject);
      response.on("end", () => {
        const text = Buffer.concat(chunks).toString();
        if (response.statusCode === 200) answer.resolve(JSON.parse(text));
        else answer.reject(new Error(`${route}: ${response.statusCode} ${text}`));
      });
    });
    request.on("error", answer.reject);
    for (const piece of body) {
      if (!request.write(piece)) await new Promise((resolve) => request.once("drain", resolve));
    }
    request.end();
    return await answer.promise;
  }

  #request(
    route: string,
    headers: Record<string, string | undefined>,
    onResponse: (response: http.IncomingMessage) => void,
  ): http.ClientRequest {
    const all = { authorization: `Bearer ${this.#token}`, ...headers };
    const given = Object.entries(all).filter(([, value]) => value !== undefined);
    return http.request(
      {
        agent: this.#agent,
        host: "127.0.0.1",
        port: this.#url.port,
        path: `/2/${route}`,
        method: "POST",
        headers: Object.fromEntries(given) as http.OutgoingHttpHeaders,
      },
      onResponse,
    );
  }
}
