import { createHash, randomBytes } from "node:crypto";
import { closeSync, fdatasyncSync, openSync, rmSync, writeSync } from "node:fs";
import http from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { timeMs } from "./table.ts";

/** Flushes a second that the disk of `folder` does, 4 KiB each, one after the other. */
export function flushesPerSecond(folder: string): number {
  const file = path.join(folder, "flush");
  const handle = openSync(file, "w");
  const started = performance.now();
  for (let flush = 0; flush < 300; flush += 1) {
    writeSync(handle, Buffer.alloc(4096, flush));
    fdatasyncSync(handle);
  }
  const seconds = (performance.now() - started) / 1000;
  closeSync(handle);
  rmSync(file);
  return 300 / seconds;
}

/** Megabytes a second that one core hashes with SHA-256. */
export function hashedPerSecond(): number {
  const block = randomBytes(64 * 1024 * 1024);
  const started = performance.now();
  createHash("sha256").update(block).digest();
  return block.length / 1e6 / ((performance.now() - started) / 1000);
}

/** Megabytes a second from Node's own HTTP client to a server of Node's that drops them. */
export async function sentPerSecond(): Promise<number> {
  const server = http.createServer((request, response) => {
    request.resume();
    request.on("end", () => response.end());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const piece = randomBytes(1024 * 1024);
  const pieces = 256;
  const elapsed = await timeMs(async () => {
    const request = http.request({ host: "127.0.0.1", port, method: "POST" });
    const answered = new Promise((resolve) =>
      request.on("response", (response) => response.resume().on("end", resolve)),
    );
    for (let sent = 0; sent < pieces; sent += 1) {
      if (!request.write(piece)) await new Promise((resolve) => request.once("drain", resolve));
    }
    request.end();
    await answered;
  });
  server.close();
  return (pieces * piece.length) / 1e6 / (elapsed / 1000);
}
