import http from "node:http";
import { SnapError } from "../std/error.ts";

/** The way to Dropbox that the environment names. */
export type Proxy = {
  /** The variable that names it. */
  readonly variable: string;
  /** With name and password: never shown. */
  readonly url: string;
  /** Without them. */
  readonly shown: string;
  /** Names that are reached without it, as `NO_PROXY` lists them. */
  readonly except: string;
};

type Variables = Readonly<Record<string, string | undefined>>;

/** In the order in which they count: Dropbox is reached by https, and who names a proxy for http alone has no other way out either. */
const names = ["https_proxy", "HTTPS_PROXY", "http_proxy", "HTTP_PROXY"] as const;

/** This computer, where the embedded server listens. */
const loopback = ["localhost", "127.0.0.1", "[::1]"];

/**
 * The proxy of the environment; undefined where it names none.
 *
 * @throws {SnapError} `usage` where what it names is no http or https address; the message never holds it
 */
export function proxyOf(variables: Variables): Proxy | undefined {
  const variable = names.find((name) => (variables[name] ?? "") !== "");
  const text = variable === undefined ? "" : (variables[variable] ?? "");
  if (variable === undefined) return undefined;
  const url = URL.parse(text.includes("://") ? text : `http://${text}`);
  if (url === null || !["http:", "https:"].includes(url.protocol)) {
    throw new SnapError("usage", `${variable} is no address of a proxy`, {
      hint: "Write it like http://proxy.example:3128, with name and password before the host where it wants them.",
    });
  }
  const except = variables["no_proxy"] || variables["NO_PROXY"] || "";
  return { variable, url: url.href, shown: `${url.protocol}//${url.host}`, except };
}

/** Whether a host is reached without the proxy: by name, or as below a name that begins with a dot or `*.`, or without. */
export function isExcepted({ except }: Pick<Proxy, "except">, host: string): boolean {
  return except.split(/[\s,]+/u).some((entry) => {
    const name = entry.toLowerCase().replace(/^\*?\./u, "");
    return name === "*" || (name !== "" && (host === name || host.endsWith(`.${name}`)));
  });
}

/** Errors around errors that are looked into. */
const causesMax = 5;

/** What of Node sends requests through a proxy; the first Node 24 has no such thing. */
type Begin = typeof http.setGlobalProxyFromEnv;

/**
 * The global `fetch` by the way that the environment names, and never around it. Set up by the first request, since most commands
 * send none. This computer itself is never asked through a proxy.
 *
 * @param begin makes the way; null where this Node cannot
 */
export function fetchFor(
  variables: Variables,
  begin: Begin | null = http.setGlobalProxyFromEnv ?? null,
): typeof fetch {
  let isSet = false;
  return async (input, init) => {
    if (!isSet) setUp(variables, begin);
    isSet = true;
    try {
      return await fetch(input, init);
    } catch (error) {
      throw explained(error, proxyOf(variables));
    }
  };
}

/** What a proxy answered instead of making the way: all that Node tells of it is a text, with other errors around it. */
function statusOfProxy(thrown: unknown): number | undefined {
  let error = thrown;
  for (let depth = 0; depth < causesMax && error instanceof Error; depth += 1) {
    const [, status] = /^Proxy response \((\d{3})\)/u.exec(error.message) ?? [];
    if (status !== undefined) return Number(status);
    error = error.cause;
  }
  return undefined;
}

function explained(error: unknown, proxy: Proxy | undefined): unknown {
  const status = statusOfProxy(error);
  if (status === undefined || proxy === undefined) return error;
  const { variable, shown } = proxy;
  if (status !== 407) {
    const hint = "Check that it lets this computer reach Dropbox; then run the same command again.";
    return new SnapError("offline", `The proxy "${shown}" answers ${status}`, {
      hint,
      cause: error,
    });
  }
  return new SnapError("usage", `The proxy "${shown}" refuses the name and password`, {
    hint: `Put them into ${variable}, like http://name:password@proxy.example:3128.`,
    cause: error,
  });
}

function setUp(variables: Variables, begin: Begin | null): void {
  const proxy = proxyOf(variables);
  if (proxy === undefined) return;
  if (begin === null) throw cannot(proxy);
  begin({ https_proxy: proxy.url, no_proxy: [proxy.except, ...loopback].join(",") });
}

function cannot({ variable, shown }: Proxy): SnapError {
  return new SnapError(
    "usage",
    `${variable} names the proxy "${shown}", which Node ${process.versions.node} cannot use`,
    {
      hint: "Use a newer Node 24, or unset the variable where Dropbox is reached without a proxy.",
    },
  );
}
