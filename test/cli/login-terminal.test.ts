/** What `snap login` prints, and for whom. */
import { spawn } from "node:child_process";
import { expect, test } from "vitest";
import { Box, launcher } from "../support/snap-process.ts";

const login = ["login", "--app-key", "abc123"];

/** The same words on a terminal of so many columns; the person leaves with Ctrl-C when a code is asked for. */
async function onTerminal(box: Box, columns: number, ...words: readonly string[]): Promise<string> {
  const command = [process.execPath, launcher, ...login, ...words].join(" ");
  const child = spawn("script", ["-qec", `stty cols ${columns} rows 60; ${command}`, "/dev/null"], {
    cwd: box.workspace,
    // Without it a person who sits at the machine is offered the browser.
    env: { ...process.env, SNAP_HOME: box.home, NO_COLOR: "1", SSH_TTY: "/dev/pts/9" },
    stdio: ["pipe", "pipe", "inherit"],
  });
  let shown = "";
  let hasLeft = false;
  for await (const text of child.stdout.setEncoding("utf8")) {
    shown += String(text);
    if (hasLeft || !shown.includes("Paste the code here:")) continue;
    hasLeft = true;
    child.stdin.write("\u0003");
  }
  return shown;
}

const address = "https://www.dropbox.com/oauth2/authorize?client_id=abc123&response_type=code";

test("a QR code is for terminals that are wide enough, and for no program", async () => {
  using box = new Box();
  const wide = await onTerminal(box, 100);
  expect(wide).toContain(address);
  expect(wide).toMatch(/█{40}/u);
  const narrow = await onTerminal(box, 50);
  expect(narrow).toContain(address);
  expect(narrow).not.toContain("█");
  const piped = await box.snap(login);
  expect(piped.code).toBe(3);
  expect(piped.stdout).toContain(address);
  expect(piped.stdout).not.toContain("█");
});

test("a page waits where it is asked for, and where a person sits at the machine", async () => {
  using box = new Box();
  expect((await box.snap(login)).stdout).not.toContain("redirect_uri");
  expect(await onTerminal(box, 100)).not.toContain("redirect_uri");
  expect(await onTerminal(box, 100, "--browser", "--port", "53699")).toContain(
    `redirect_uri=${encodeURIComponent("http://127.0.0.1:53699/")}`,
  );
});

test.each([
  [["--port", "0"], "Not a port"],
  [["--port", "70000"], "Not a port"],
  [["--port", "1x"], "Not a port"],
  [["--local"], "mutually exclusive"],
])("wrong words end with 2: %j", async (words, text) => {
  using box = new Box();
  const ended = await box.snap([...login, ...words]);
  expect(ended.code).toBe(2);
  expect(ended.stderr).toContain(text);
});

test("an empty line is no code", async () => {
  using box = new Box();
  const ended = await box.snap(login, { input: "\n" });
  expect(ended.code).toBe(7);
  expect(ended.stderr).toContain("No code was pasted");
});
