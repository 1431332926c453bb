import { SnapError } from "../../std/error.ts";

/** Where a server listens, and what clients have to trust. */
export type ServerPlace = { readonly url: string; readonly ca: string | undefined };

/** Clients whose set-up is known. */
export const clientNames = ["rclone", "python", "js", "maestral", "snap", "curl"] as const;

/** One of them. */
export type ClientName = (typeof clientNames)[number];

/** Those that speak plain HTTP, too, as this computer does with itself. */
const plainClients: readonly ClientName[] = ["snap", "curl"];

/** What the lines are for: where the server is, and how it was named, if it was. */
export type SetupRequest = { readonly place: ServerPlace; readonly data: string | undefined };

/**
 * Lines for a shell that make a client talk to this server; comments say what goes into its own configuration.
 *
 * @throws {SnapError} `usage` for a client that speaks HTTPS only, where the server does not.
 */
export function clientSetup(client: ClientName, request: SetupRequest): string {
  if (!plainClients.includes(client) && !request.place.url.startsWith("https:")) {
    throw new SnapError("usage", `The server speaks plain HTTP, and ${client} speaks HTTPS only`, {
      hint: "Start `snap server` without --http.",
    });
  }
  return setups[client](request).join("\n");
}

type Setup = (request: SetupRequest) => readonly string[];

const setups: Readonly<Record<ClientName, Setup>> = {
  rclone: ({ place, data }) => [
    ...trust("SSL_CERT_FILE", place.ca),
    "# The server is a proxy for its own names: no hosts file, no port 443.",
    `export HTTPS_PROXY=${place.url}`,
    "export RCLONE_CONFIG_LOCAL_TYPE=dropbox",
    "# It renews its token by itself, as the app that the token is for.",
    "export RCLONE_CONFIG_LOCAL_CLIENT_ID=rclone RCLONE_CONFIG_LOCAL_CLIENT_SECRET=any",
    `export RCLONE_CONFIG_LOCAL_TOKEN=$(${tokenCommand(data, " --app rclone")} | jq -c '{access_token: .accessToken, token_type: "bearer", refresh_token: .refreshToken, expiry: (now + .expiresInSeconds | todate)}')`,
    "# rclone lsf local:",
  ],
  python: (request) => [
    ...python(request),
    tokenLine(request),
    "# dropbox.Dropbox(os.environ['TOKEN'])",
  ],
  maestral: (request) => python(request),
  js: (request) => [
    ...trust("NODE_EXTRA_CA_CERTS", request.place.ca),
    tokenLine(request),
    `# new Dropbox({ accessToken: process.env.TOKEN, domain: "${hostOf(request.place.url)}", domainDelimiter: "" })`,
  ],
  snap: ({ place }) => [
    ...trust("NODE_EXTRA_CA_CERTS", place.ca),
    `snap login --server ${place.url}`,
  ],
  curl: (request) => [
    tokenLine(request),
    `curl ${request.place.ca === undefined ? "" : `--cacert ${quoted(request.place.ca)} `}-X POST ${request.place.url}/2/users/get_current_account -H "Authorization: Bearer $TOKEN"`,
  ],
};

const python: Setup = ({ place }) => [
  ...trust("REQUESTS_CA_BUNDLE", place.ca),
  ...["API", "API_CONTENT", "API_NOTIFY", "WEB"].map(
    (host) => `export DROPBOX_${host}_HOST=${hostOf(place.url)}`,
  ),
];

function tokenLine({ data }: SetupRequest): string {
  return `export TOKEN=$(${tokenCommand(data)} | jq -r .accessToken)`;
}

function tokenCommand(data: string | undefined, words = ""): string {
  const folder = data === undefined ? "" : ` --data ${quoted(data)}`;
  return `snap server token NAME${words} --json${folder}`;
}

function trust(variable: string, ca: string | undefined): readonly string[] {
  return ca === undefined ? [] : [`export ${variable}=${quoted(ca)}`];
}

/** One word of a shell, whatever is in it. */
function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}

function hostOf(url: string): string {
  return new URL(url).host;
}
