import { hash } from "node:crypto";
import { Html } from "./html.ts";

/** How the pages look: one column that fits a phone, light or dark as the browser is, contrast of 7 : 1 or more. */
const pageStyle = `
:root { color-scheme: light dark; --text: #1a1a1a; --soft: #454545; --page: #f4f4f2; --card: #ffffff;
  --line: #767676; --main: #0b4f9c; --on-main: #ffffff; --alert: #8a1010; }
@media (prefers-color-scheme: dark) { :root { --text: #f2f2f0; --soft: #c9c9c5; --page: #161616;
  --card: #222222; --line: #9a9a9a; --main: #a8cbff; --on-main: #0b1d33; --alert: #ffb3b3; } }
* { box-sizing: border-box; }
body { margin: 0; padding: 1rem; background: var(--page); color: var(--text);
  font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
main { max-width: 34rem; margin: 4vh auto; padding: 1.5rem; background: var(--card); border-radius: 0.5rem; }
h1 { margin-top: 0; font-size: 1.375rem; line-height: 1.3; }
h2 { font-size: 1rem; margin-bottom: 0.25rem; }
ul { margin-top: 0; padding-left: 1.25rem; }
.soft { color: var(--soft); }
.alert { padding: 0.75rem; border: 2px solid var(--alert); color: var(--alert); border-radius: 0.25rem; }
fieldset { margin: 1rem 0; padding: 0.5rem 1rem; border: 1px solid var(--line); border-radius: 0.25rem; }
label { display: block; padding: 0.4rem 0; }
input[type="password"] { display: block; width: 100%; padding: 0.6rem; font: inherit; color: inherit;
  background: var(--card); border: 1px solid var(--line); border-radius: 0.25rem; }
.actions { display: flex; flex-wrap: wrap; gap: 0.75rem; margin-top: 1.5rem; }
button { flex: 1 1 8rem; min-height: 2.75rem; padding: 0.5rem 1rem; font: inherit; font-weight: 600;
  border: 2px solid var(--main); border-radius: 0.25rem; background: var(--card); color: var(--main); }
button.main { background: var(--main); color: var(--on-main); }
:focus-visible { outline: 3px solid var(--main); outline-offset: 2px; }
.code { display: block; padding: 1rem; border: 1px solid var(--line); border-radius: 0.25rem; user-select: all;
  font: 1.125rem/1.6 ui-monospace, monospace; }
`;

/** The element with the style, byte for byte what the policy allows. */
export function styleElement(): Html {
  return new Html(`<style>${pageStyle}</style>`);
}

/** The source of a content security policy that allows this style and no other. */
export function stylePolicy(): string {
  return `'sha256-${hash("sha256", pageStyle, "base64")}'`;
}
