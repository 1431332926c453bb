import { Agent, request } from "node:http";

/** What reached a server: calls that change something, and bytes of contents. */
export type Traffic = { readonly writes: number; readonly looks: number; readonly bytesUp: number };

/** The counters of a served API (V75). */
export class Counters {
  readonly #url: URL;
  readonly #token: string;
  readonly #agent = new Agent({ keepAlive: false });

  constructor(url: string, token: string) {
    this.#url = new URL("/metrics", url);
    this.#token = token;
  }

  /** Forget all that was counted. */
  async zero(): Promise<void> {
    await this.#ask("DELETE");
  }

  async read(): Promise<Traffic> {
    const text = await this.#ask("GET");
    const calls = valuesOf(text, "snap_server_calls_total");
    const received = valuesOf(text, "snap_server_received_bytes_total");
    return {
      writes: sum(calls.filter(([route]) => writing.test(route))),
      looks: sum(calls.filter(([route]) => !writing.test(route))),
      bytesUp: sum(received.filter(([route]) => uploading.test(route))),
    };
  }

  #ask(method: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const headers = { authorization: `Bearer ${this.#token}` };
      const asked = request(this.#url, { method, headers, agent: this.#agent }, (response) => {
        const parts: Buffer[] = [];
        response.on("data", (part: Buffer) => parts.push(part));
        response.on("end", () => resolve(Buffer.concat(parts).toString("utf8")));
        response.on("error", reject);
      });
      asked.on("error", reject);
      asked.end();
    });
  }
}

/** Asking for the outcome of a job writes nothing. */
const writing =
  /^files\/(?:upload|restore|(?:move|copy|delete|create_folder)\w*$|upload_session\/(?:finish|start|append)\w*$)/;
const uploading = /^files\/upload/;

type Value = readonly [route: string, value: number];

function valuesOf(text: string, name: string): readonly Value[] {
  return [...text.matchAll(new RegExp(`^${name}\\{([^}]*)\\} (\\d+)`, "gmu"))].map(
    ([, labels = "", value]): Value => [/route="([^"]*)"/.exec(labels)?.[1] ?? "", Number(value)],
  );
}

/** All calls that a server counted but those of logging in, and the bytes of their bodies both ways. */
export function trafficIn(metrics: string): { readonly calls: number; readonly bytes: number } {
  const of = (name: string): number =>
    sum(valuesOf(metrics, name).filter(([route]) => !route.startsWith("oauth2")));
  return {
    calls: of("snap_server_calls_total"),
    bytes: of("snap_server_received_bytes_total") + of("snap_server_sent_bytes_total"),
  };
}

function sum(values: readonly Value[]): number {
  return values.reduce((total, [, value]) => total + value, 0);
}
