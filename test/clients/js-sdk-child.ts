import { checkAuth, checkCalls } from "./js-checks.ts";
import type { JsSetup } from "./js-checks.ts";

/** Run as a process of its own, which trusts the server's certificate: the same checks over the network. */
const setup: JsSetup = JSON.parse(process.env["SNAP_SETUP"] ?? "{}");
await checkCalls(setup);
if (process.argv[2] === "with-auth") {
  await checkAuth(setup, (url, init) => fetch(url, { ...init, redirect: "manual" }));
}
console.log("done");
