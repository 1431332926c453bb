import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";

/** A folder that is mounted at another, and may be unmounted and mounted again while somebody works there. */
export class MountedFolder implements Disposable {
  readonly #from: string;
  readonly #at: string;

  private constructor(from: string, at: string) {
    this.#from = from;
    this.#at = at;
  }

  /** Both folders exist. undefined where this user may not mount; the test says so and ends. */
  static mount(from: string, at: string): MountedFolder | undefined {
    const mounted = new MountedFolder(from, at);
    try {
      mounted.mount();
      return mounted;
    } catch (error) {
      tellSkipped(error);
      return undefined;
    }
  }

  mount(): void {
    execFileSync("mount", ["--bind", this.#from, this.#at], { stdio: "pipe" });
  }

  unmount(): void {
    execFileSync("umount", ["-l", this.#at]);
  }

  [Symbol.dispose](): void {
    this.unmount();
  }
}

function tellSkipped(error: unknown): void {
  console.warn(`Mounting is not permitted here, so this test is skipped: ${String(error)}`);
}

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
      tellSkipped(error);
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

  /** Take all the room that is left. What it gives makes room again. */
  fill(): () => void {
    const folder = path.join(this.path, "fillers");
    mkdirSync(folder);
    for (const bytes of [65_536, 4_096]) {
      try {
        for (let number = 0; ; number += 1) {
          writeFileSync(path.join(folder, `${bytes}-${number}`), new Uint8Array(bytes));
        }
      } catch {
        // Full: that is what was wanted.
      }
    }
    return () => rmSync(folder, { recursive: true });
  }

  [Symbol.dispose](): void {
    execFileSync("umount", ["-l", this.path]);
    rmSync(this.path, { recursive: true });
  }
}
