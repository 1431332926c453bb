/** Where a server listens, and what clients have to trust. */
export type ServerPlace = { readonly url: string; readonly ca: string | undefined };

/** Clients whose set-up is known. */
export const clientNames = ["rclone", "python", "js", "maestral", "curl"] as const;

/** One of them. */
export type ClientName = (typeof clientNames)[number];

/** Lines for a shell that make a client talk to this server; comments say what goes into its own configuration. */
export function clientSetup(client: ClientName, place: ServerPlace): string {
  return setups[client](place).join("\n");
}

type Setup = (place: ServerPlace) => readonly string[];

const setups: Readonly<Record<ClientName, Setup>> = {
  rclone: ({ url, ca }) => [
    ...trust("SSL_CERT_FILE", ca),
    "# The server is a proxy for its own names: no hosts file, no port 443.",
    `export HTTPS_PROXY=${url}`,
    "export RCLONE_CONFIG_LOCAL_TYPE=dropbox",
    "# It renews its token by itself, as the app that the token is for.",
    "export RCLONE_CONFIG_LOCAL_CLIENT_ID=rclone RCLONE_CONFIG_LOCAL_CLIENT_SECRET=any",
    `export RCLONE_CONFIG_LOCAL_TOKEN=$(snap server token NAME --app rclone --json | jq -c '{access_token: .accessToken, token_type: "bearer", refresh_token: .refreshToken, expiry: (now + .expiresInSeconds | todate)}')`,
    "# rclone lsf local:",
  ],
  python: (place) => [...python(place), ...token, "# dropbox.Dropbox(os.environ['TOKEN'])"],
  maestral: (place) => python(place),
  js: ({ url, ca }) => [
    ...trust("NODE_EXTRA_CA_CERTS", ca),
    ...token,
    `# new Dropbox({ accessToken: process.env.TOKEN, domain: "${hostOf(url)}", domainDelimiter: "" })`,
  ],
  curl: ({ url, ca }) => [
    ...token,
    `curl ${ca === undefined ? "" : `--cacert '${ca}' `}-X POST ${url}/2/users/get_current_account -H "Authorization: Bearer $TOKEN"`,
  ],
};

const token = ["TOKEN=$(snap server token NAME --json | jq -r .accessToken)"];

const python: Setup = ({ url, ca }) => [
  ...trust("REQUESTS_CA_BUNDLE", ca),
  ...["API", "API_CONTENT", "API_NOTIFY", "WEB"].map(
    (host) => `export DROPBOX_${host}_HOST=${hostOf(url)}`,
  ),
];

function trust(variable: string, ca: string | undefined): readonly string[] {
  return ca === undefined ? [] : [`export ${variable}='${ca.replaceAll("'", "'\\''")}'`];
}

function hostOf(url: string): string {
  return new URL(url).host;
}
