/** A check by whoever runs this file, as JSON: of the folder that its first word names. */
import { guardExit } from "../../src/guard/report.ts";
import { openGuard } from "../../src/guard/repo-guard.ts";
import { systemClock } from "../../src/std/time.ts";
import { brief } from "./repositories.ts";

const [top = "/"] = process.argv.slice(2);
const report = await openGuard({ clock: systemClock }).check(top, {
  rules: () => false,
  overrides: [],
  engine: "none",
});
process.stdout.write(
  JSON.stringify({
    exit: guardExit(report, "risk"),
    complete: report.complete,
    findings: brief(report),
    integrity: report.findings.map(({ integrity }) => integrity ?? null),
    damage: report.findings.flatMap(({ damage }) =>
      damage.flatMap(({ severity, code }) => (severity === "damage" ? [code] : [])),
    ),
  }),
);
