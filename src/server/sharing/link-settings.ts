import type { Argument } from "../wire/argument.ts";
import { EndpointFailure, nested, tag } from "../wire/failure.ts";

/** What a free account may ask of a link: that everybody who has it can see and download (fact sheet 4.11). */
const allowedChoices: Readonly<Record<string, readonly string[]>> = {
  audience: ["public"],
  requested_visibility: ["public"],
  access: ["viewer", "max", "default"],
};

/** @throws {EndpointFailure} `settings_error/not_authorized` for anything that a free account cannot have (V48). */
export function checkSettings(settings: Argument): void {
  const unavailable =
    settings.has("expires") ||
    settings.has("link_password") ||
    (settings.has("require_password") && settings.flag("require_password")) ||
    (settings.has("allow_download") && !settings.flag("allow_download")) ||
    Object.entries(allowedChoices).some(
      ([name, allowed]) => settings.has(name) && !allowed.includes(settings.choice(name).name),
    );
  if (unavailable) throw new EndpointFailure(nested("settings_error", tag("not_authorized")));
}
