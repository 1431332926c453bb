import { loginPort } from "../app/login-page.ts";
import { beginLogin, type BroughtCode, type PendingLogin } from "../app/login.ts";
import type { Account } from "../app/accounts.ts";
import { isSnapError, SnapError } from "../std/error.ts";
import type { CliContext } from "./context.ts";
import { qrCode } from "./qr-code.ts";

/** What `snap login` was told. */
export type LoginWords = {
  readonly appKey: string;
  /** Whether a page of this computer shall wait for a browser; undefined where the person did not say. */
  readonly browser: boolean | undefined;
  /** Where that page shall be; undefined for the usual port. */
  readonly port: number | undefined;
  /** What stands for Dropbox; undefined for Dropbox itself. */
  readonly server: string | undefined;
};

/** Lead a person through the login: addresses to open, then a code that is pasted or that a browser brings. */
export async function loginBySteps(context: CliContext, words: LoginWords): Promise<Account> {
  const port = words.port ?? loginPort;
  const pagePort = wantsPage(context, words) ? port : undefined;
  await using login = await beginLogin(context.environment, words.appKey, {
    pagePort,
    server: words.server,
  });
  if (pagePort !== undefined && login.pageUrl === undefined) {
    context.output.warn(`Port ${port} is taken, so no browser can bring the code: paste it`);
  }
  showSteps(context, login);
  const given = await codeOf(context, login);
  return await login.finish(given);
}

/** A page helps only the browser of the computer that it is on. */
function wantsPage({ environment, questions }: CliContext, { browser, port }: LoginWords): boolean {
  if (browser !== undefined || port !== undefined) return browser ?? true;
  return questions.isPossible && hasBrowser(environment.variables, process.platform);
}

/** Whether this computer seems to have a screen with a browser, before the person that sits there. */
export function hasBrowser(
  variables: Readonly<Record<string, string | undefined>>,
  platform: NodeJS.Platform,
): boolean {
  const isSet = (name: string): boolean => (variables[name] ?? "") !== "";
  if (isSet("SSH_CONNECTION") || isSet("SSH_TTY")) return false;
  if (platform === "darwin" || platform === "win32") return true;
  return isSet("DISPLAY") || isSet("WAYLAND_DISPLAY");
}

function showSteps({ output }: CliContext, { url, pageUrl, redirectUri }: PendingLogin): void {
  output.emit("authorize", { url, pageUrl, redirectUri });
  const code = qrCode(url, output.columns);
  const anywhere = `${url}${code === undefined ? "" : `\n\n${code}`}`;
  if (pageUrl === undefined) {
    output.print(
      `1. Open this address in any browser, and press Allow:\n\n${anywhere}\n\n2. Copy the code that Dropbox shows.`,
    );
    return;
  }
  output.print(
    `In a browser of this computer, open this address and press Allow. Nothing has to be pasted; your app\n` +
      `needs the redirect URI ${redirectUri}\n\n${pageUrl}\n\n` +
      `Or open this one in any browser, press Allow, and paste the code that Dropbox shows:\n\n${anywhere}\n`,
  );
}

/** What comes first, the line that a person pastes or the code that a browser brings. */
async function codeOf(
  { questions, work }: CliContext,
  login: PendingLogin,
): Promise<string | BroughtCode> {
  const answered = new AbortController();
  const pasted = pastedCode(questions.ask("Paste the code here:", answered.signal), login);
  try {
    return await Promise.race([pasted, login.brought, interruption(work.signal)]);
  } finally {
    answered.abort();
  }
}

async function pastedCode(
  line: Promise<string>,
  login: PendingLogin,
): Promise<string | BroughtCode> {
  try {
    return codeIn(await line);
  } catch (error) {
    // A script without input may still wait for the browser.
    if (login.pageUrl !== undefined && isSnapError(error, "consent-needed")) return login.brought;
    throw error;
  }
}

function codeIn(line: string): string {
  const code = line.trim();
  if (code !== "") return code;
  throw new SnapError("not-logged-in", "No code was pasted", {
    hint: "Run snap login again, and paste the code that Dropbox shows.",
  });
}

function interruption(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const stop = (): void =>
      reject(new SnapError("interrupted", "Interrupted; nothing was changed"));
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop, { once: true });
  });
}
