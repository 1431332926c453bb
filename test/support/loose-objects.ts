import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { deflateSync } from "node:zlib";

/** Write sound loose blobs into a gitdir, that nothing names. */
export function writeLooseObjects(gitdir: string, count: number): void {
  for (let fan = 0; fan < 256; fan += 1) {
    const folder = fan.toString(16).padStart(2, "0");
    mkdirSync(join(gitdir, "objects", folder), { recursive: true });
  }
  for (let number = 0; number < count; number += 1) {
    const text = `object ${number}`;
    const raw = Buffer.from(`blob ${text.length}\0${text}`);
    const oid = createHash("sha1").update(raw).digest("hex");
    writeFileSync(join(gitdir, "objects", oid.slice(0, 2), oid.slice(2)), deflateSync(raw), {
      mode: 0o444,
    });
  }
}
