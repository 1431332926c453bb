import { z } from "zod";

/** The version of the document; a newer one is refused. */
export const configVersion = 1;

const accountSchema = z.strictObject({
  /** Dropbox's account id. */
  id: z.string().min(1),
  kind: z.enum(["dropbox", "local"]),
  name: z.string(),
  email: z.string(),
  /** The app that the token was made for; absent for the embedded account. */
  appKey: z.string().min(1).exactOptional(),
});

/** One line of the list of workspaces; a link is there when `linkId`, `account` and `remote` are. */
const workspaceSchema = z.strictObject({
  /** Name of the workspace's folder below `workspaces/`, so it is never a path. */
  id: z.string().regex(/^[0-9a-z-]{1,64}$/u),
  path: z.string().min(1),
  linkId: z.string().min(1).exactOptional(),
  account: z.string().min(1).exactOptional(),
  /** The linked folder: "" or "/folder/sub". */
  remote: z.string().exactOptional(),
  repos: z.enum(["refuse", "exclude"]),
  /** ms since 1970. */
  madeAt: z.int(),
});

/** Settings of the user; the defaults are those of `cli.md` and belong to who reads them. */
const settingsSchema = z.strictObject({
  "store.path": z.string().min(1).exactOptional(),
  "transfer.parallel": z.int().min(1).max(8).exactOptional(),
});

/** What `config.json` holds: everything that is remembered beside the indexes and is no secret. */
export const configSchema: z.ZodType<Config> = z.strictObject({
  version: z.literal(configVersion),
  device: z.strictObject({ id: z.string().min(1), name: z.string().min(1) }),
  settings: settingsSchema,
  accounts: z.array(accountSchema),
  workspaces: z.array(workspaceSchema),
  /** Consents of the guard (G44); their form is the guard's. */
  overrides: z.array(z.record(z.string(), z.unknown())),
});

/** An account that is logged in; its token is a secret and elsewhere. */
export type AccountRecord = z.infer<typeof accountSchema>;
/** A workspace of this machine, linked or not. */
export type WorkspaceRecord = z.infer<typeof workspaceSchema>;
/** What the user has set; what is absent has its default. */
export type Settings = z.infer<typeof settingsSchema>;

/** The whole document. */
export type Config = {
  readonly version: typeof configVersion;
  readonly device: { readonly id: string; readonly name: string };
  readonly settings: Readonly<Settings>;
  readonly accounts: readonly Readonly<AccountRecord>[];
  readonly workspaces: readonly Readonly<WorkspaceRecord>[];
  readonly overrides: readonly Readonly<Record<string, unknown>>[];
};

/** What is used until something is written. */
export function emptyConfig(device: Config["device"]): Config {
  return {
    version: configVersion,
    device,
    settings: {},
    accounts: [],
    workspaces: [],
    overrides: [],
  };
}
