import { Throttle, type LimitsNow } from "../remote/throttle.ts";
import type { Config } from "../state/config.ts";
import type { SettingsFile } from "../state/settings.ts";
import type { Clock } from "../std/time.ts";
import type { Environment } from "./environment.ts";

/** How long the settings are taken for what they were, ms: a limit that somebody sets holds after that, in a daemon too. */
const knownMs = 1_000;

type Direction = "upload" | "download";

/** Bytes a second for one run, before what is set; 0 for no limit, absent where the settings decide. */
export type Limits = {
  readonly upload?: number | undefined;
  readonly download?: number | undefined;
};

/** What limits a direction: the user's setting is "user", that of one workspace has its id. */
type Rule = { readonly owner: string; readonly rate: number };

/**
 * How fast content may travel, for one process: workspaces without limits of their own share those of the user, whatever accounts
 * they are linked to.
 */
export class Traffic {
  readonly #settings: SettingsFile;
  readonly #clock: Clock;
  readonly #forced: Limits;
  readonly #throttles = new Map<string, Throttle>();
  #known: { readonly config: Config; readonly at: number } | undefined;

  /** @param forced goes before the settings, in every workspace */
  constructor(
    parts: { readonly settings: SettingsFile; readonly clock: Clock },
    forced: Limits = {},
  ) {
    this.#settings = parts.settings;
    this.#clock = parts.clock;
    this.#forced = forced;
  }

  /** The limits of what travels for one workspace; of what travels for none, the user's. */
  limitsOf(workspace: string | undefined): LimitsNow {
    return () => {
      const upload = this.#throttle("upload", workspace);
      const download = this.#throttle("download", workspace);
      return { ...(upload && { upload }), ...(download && { download }) };
    };
  }

  #throttle(direction: Direction, workspace: string | undefined): Throttle | undefined {
    const { owner, rate } = this.#ruleOf(direction, workspace);
    if (rate === 0) return undefined;
    const name = `${direction} ${owner}`;
    const known = this.#throttles.get(name);
    if (known !== undefined) return known;
    const of = owner === "user" ? undefined : owner;
    const made = new Throttle(this.#clock, () => this.#ruleOf(direction, of).rate || undefined);
    this.#throttles.set(name, made);
    return made;
  }

  #ruleOf(direction: Direction, workspace: string | undefined): Rule {
    const forced = this.#forced[direction];
    if (forced !== undefined) return { owner: "user", rate: forced };
    const { settings, workspaces } = this.#config();
    const name = `transfer.${direction}` as const;
    const own = workspaces.find(({ id }) => id === workspace)?.settings?.[name];
    if (own !== undefined && workspace !== undefined) return { owner: workspace, rate: own };
    return { owner: "user", rate: settings[name] ?? 0 };
  }

  #config(): Config {
    const now = this.#clock.now();
    const known = this.#known;
    // A clock that was put back makes it read again, too.
    if (known !== undefined && now >= known.at && now < known.at + knownMs) return known.config;
    const config = this.#settings.read();
    this.#known = { config, at: now };
    return config;
  }
}

/** The same world, where one run has limits of its own. */
export function withLimits(environment: Environment, limits: Limits): Environment {
  return { ...environment, traffic: new Traffic(environment, limits) };
}
