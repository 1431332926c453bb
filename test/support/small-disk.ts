import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";

/** A real file system of a given size, so that full and read-only disks are real ones. */
export class SmallDisk implements Disposable {
  readonly path: string;

  private constructor(folder: string) {
    this.path = folder;
  }

  /** undefined where this user may not mount; the test says so and ends. */
  static mount(sizeBytes: number): SmallDisk | undefined {
    const folder = mkdtempSync(path.join(os.tmpdir(), "snap-disk-"));
    try {
      execFileSync("mount", ["-t", "tmpfs", "-o", `size=${sizeBytes}`, "tmpfs", folder], {
        stdio: "pipe",
      });
      return new SmallDisk(folder);
    } catch (error) {
      rmSync(folder, { recursive: true });
      console.warn(`Mounting is not permitted here, so this test is skipped: ${String(error)}`);
      return undefined;
    }
  }

  remount(mode: "ro" | "rw"): void {
    execFileSync("mount", ["-o", `remount,${mode}`, this.path]);
  }

  /** Give it more room. */
  grow(sizeBytes: number): void {
    execFileSync("mount", ["-o", `remount,size=${sizeBytes}`, this.path]);
  }

  [Symbol.dispose](): void {
    execFileSync("umount", ["-l", this.path]);
    rmSync(this.path, { recursive: true });
  }
}
