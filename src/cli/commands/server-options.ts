import type { Argv } from "yargs";
import type { RunOptions, TlsChoice } from "../../server/run.ts";
import { SnapError } from "../../std/error.ts";
import { parsePort, parseSeconds, parseSize } from "../quantities.ts";
import { dataOption } from "./server-data.ts";

/** The words of `snap server`. */
export type ServerWords = {
  readonly data: string | undefined;
  readonly host: string | undefined;
  readonly port: string;
  readonly http: boolean | undefined;
  readonly name: readonly string[] | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
  readonly "bind-token": string | undefined;
  readonly admin: boolean | undefined;
  readonly "admin-port": string | undefined;
  readonly account: string | undefined;
  readonly "registered-apps-only": boolean | undefined;
  readonly retention: string | undefined;
  readonly quota: string | undefined;
  readonly "check-responses": boolean | undefined;
  readonly "accept-unknown-members": boolean | undefined;
  readonly business: boolean | undefined;
};

/** Declare them. */
export function serverOptions(parser: Argv): Argv<ServerWords> {
  return behaviourOptions(certificateOptions(addressOptions(dataOption(parser))));
}

// Not for the commands below: they have words of their own.
const text = { type: "string", requiresArg: true, global: false } as const;
const flag = { type: "boolean", global: false } as const;

type Words<Names extends keyof ServerWords> = Pick<ServerWords, Names>;

function addressOptions<A>(
  parser: Argv<A>,
): Argv<A & Words<"host" | "port" | "name" | "bind-token" | "admin" | "admin-port">> {
  return parser
    .option("host", {
      ...text,
      describe: "Address to listen on; another than loopback needs --bind-token",
    })
    .option("port", {
      ...text,
      default: "8443",
      describe: "Port to listen on; 0 for any free one",
    })
    .option("name", {
      ...text,
      array: true,
      nargs: 1,
      describe: "Another name that clients reach the server by; may be repeated",
    })
    .option("bind-token", {
      ...text,
      describe: "What the consent page asks for, so that nobody else can authorise an app",
    })
    .option("admin", {
      ...flag,
      describe: "Open the admin interface: faults, simulation, counters",
    })
    .option("admin-port", {
      ...text,
      implies: "admin",
      describe: "Its port; any free one by default",
    });
}

function certificateOptions<A>(parser: Argv<A>): Argv<A & Words<"http" | "cert" | "key">> {
  return parser
    .option("http", { ...flag, describe: "Plain HTTP instead of HTTPS" })
    .option("cert", { ...text, implies: "key", describe: "PEM file of a certificate of your own" })
    .option("key", { ...text, implies: "cert", describe: "PEM file of its key" });
}

function behaviourOptions<A>(
  parser: Argv<A>,
): Argv<
  A &
    Words<
      | "account"
      | "registered-apps-only"
      | "retention"
      | "quota"
      | "check-responses"
      | "accept-unknown-members"
      | "business"
    >
> {
  return parser
    .option("account", {
      ...text,
      describe: "Make an account of this name where it is missing, and print a token for it",
    })
    .option("registered-apps-only", {
      ...flag,
      describe: "Refuse app keys that `snap server app add` does not know",
    })
    .option("retention", {
      ...text,
      describe: "How long replaced and removed revisions stay; default: 30d",
    })
    .option("quota", { ...text, describe: "Size of each account; default: 2T" })
    .option("check-responses", {
      ...flag,
      describe: "Check every answer against the official definition before it is sent",
    })
    .option("accept-unknown-members", {
      ...flag,
      describe: "Ignore members of arguments that the definition does not know",
    })
    .option("business", { ...flag, describe: "Serve files/permanently_delete" });
}

/** What the words mean to a server. @throws {SnapError} `usage` */
export function runOptionsOf(
  words: ServerWords,
): Omit<RunOptions, "data" | "clock" | "rng" | "onAnswered" | "onTrouble"> {
  const { host, "bind-token": bindToken, admin = false } = words;
  return {
    tls: tlsChoice(words),
    port: parsePort(words.port, "--port"),
    names: words.name ?? [],
    ...(host === undefined ? {} : { host }),
    ...(bindToken === undefined ? {} : { bindToken }),
    admin,
    ...(admin ? { adminPort: parsePort(words["admin-port"] ?? "0", "--admin-port") } : {}),
    limits: limitsOf(words),
    registeredAppsOnly: words["registered-apps-only"] ?? false,
    checkResponses: words["check-responses"] ?? false,
    acceptUnknownMembers: words["accept-unknown-members"] ?? false,
  };
}

function tlsChoice({ http, cert, key }: ServerWords): TlsChoice {
  if (cert === undefined || key === undefined) return http === true ? "http" : "own";
  if (http !== true) return { cert, key };
  throw new SnapError("usage", "--http needs no certificate", {
    hint: "Leave out --http, or --cert and --key.",
  });
}

function limitsOf({
  quota,
  retention,
  business = false,
}: ServerWords): NonNullable<RunOptions["limits"]> {
  return {
    business,
    ...(quota === undefined ? {} : { quotaBytes: parseSize(quota, "--quota") }),
    ...(retention === undefined
      ? {}
      : { retentionSeconds: parseSeconds(retention, "--retention") }),
  };
}
