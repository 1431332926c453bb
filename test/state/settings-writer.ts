import { systemRng } from "../../src/std/random.ts";
import { openSettings } from "../../src/state/settings.ts";

/** Run as a process of its own: adds so many accounts to the settings, one update each. */
const [path = "", name = "", count = "0"] = process.argv.slice(2);
const settings = openSettings(path, { rng: systemRng, deviceName: name });
for (let number = 0; number < Number(count); number += 1) {
  settings.update((config) => ({
    ...config,
    accounts: [
      ...config.accounts,
      { id: `${name}-${number}`, kind: "local", name, email: `${name}@example.org` },
    ],
  }));
}
