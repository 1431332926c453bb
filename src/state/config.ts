import { z } from "zod";
import {
  settingsSchema,
  workspaceSettingsSchema,
  type Settings,
  type WorkspaceSettings,
} from "../core/settings/values.ts";

/** The version of the document; a newer one is refused. */
export const configVersion = 1;

/** An account that this installation is linked to; its token is a secret and lies elsewhere. */
export type AccountRecord = {
  /** Dropbox's account id. */
  readonly id: string;
  readonly kind: "dropbox" | "local";
  readonly name: string;
  readonly email: string;
  /** The app that the token was made for; absent for the embedded account. */
  readonly appKey?: string;
  /** The app has a folder of its own and sees nothing else; absent where it sees everything. */
  readonly access?: "app-folder";
  /** Scheme, host and port of a server that stands for Dropbox; absent where it is Dropbox itself, or the embedded account. */
  readonly server?: string;
};

/** One line of the list of workspaces; a link is there when `linkId`, `account` and `remote` are. */
export type WorkspaceRecord = {
  /** Name of the workspace's folder below `workspaces/`, so it is never a path. */
  readonly id: string;
  readonly path: string;
  readonly linkId?: string;
  readonly account?: string;
  /** The linked folder: "" or "/folder/sub". */
  readonly remote?: string;
  readonly repos: "refuse" | "exclude";
  /** What Git ignores stays out where the work trees of repositories are synced (G50); absent where it is synced. */
  readonly gitignore?: "exclude";
  /** Folders below the linked one that stay on the server (S93); absent where none do. */
  readonly excluded?: readonly string[];
  /** What holds here in place of the user's settings. */
  readonly settings?: WorkspaceSettings;
  /** The first sync was to make one side like the other, and has not come to its end (S44). */
  readonly initial?: "push" | "pull";
  /** The daemon leaves it alone until it is told to go on; absent where it does not. */
  readonly paused?: Paused;
  /** ms since 1970. */
  readonly madeAt: number;
};

/** Since when, ms since 1970, and why a workspace is left alone. */
export type Paused = { readonly reason?: string; readonly at: number };

/** What `config.json` holds: everything that is remembered beside the indexes and is no secret. */
export type Config = {
  readonly version: 1;
  readonly device: { readonly id: string; readonly name: string };
  readonly settings: Settings;
  readonly accounts: readonly AccountRecord[];
  readonly workspaces: readonly WorkspaceRecord[];
  /** Consents of the guard (G44); their form is the guard's. */
  readonly overrides: readonly Readonly<Record<string, unknown>>[];
};

const accountSchema: z.ZodType<AccountRecord> = z.strictObject({
  id: z.string().min(1),
  kind: z.enum(["dropbox", "local"]),
  name: z.string(),
  email: z.string(),
  appKey: z.string().min(1).exactOptional(),
  access: z.literal("app-folder").exactOptional(),
  server: z.url().exactOptional(),
});

const workspaceSchema: z.ZodType<WorkspaceRecord> = z.strictObject({
  id: z.string().regex(/^[0-9a-z-]{1,64}$/u),
  path: z.string().min(1),
  linkId: z.string().min(1).exactOptional(),
  account: z.string().min(1).exactOptional(),
  remote: z.string().exactOptional(),
  repos: z.enum(["refuse", "exclude"]),
  gitignore: z.literal("exclude").exactOptional(),
  excluded: z.array(z.string().min(1)).exactOptional(),
  paused: z
    .strictObject({ reason: z.string().max(1_000).exactOptional(), at: z.int() })
    .exactOptional(),
  settings: workspaceSettingsSchema.exactOptional(),
  initial: z.enum(["push", "pull"]).exactOptional(),
  madeAt: z.int(),
});

/** Checks every member of the document; unknown ones are refused, so that a typing error is seen. */
export const configSchema: z.ZodType<Config> = z.strictObject({
  version: z.literal(configVersion),
  device: z.strictObject({ id: z.string().min(1), name: z.string().min(1) }),
  settings: settingsSchema,
  accounts: z.array(accountSchema),
  workspaces: z.array(workspaceSchema),
  overrides: z.array(z.record(z.string(), z.unknown())),
});

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
