/** Who may import whom: one row a folder of `src/`, as `docs/architecture.md` prints it. A file counts as a folder. */
export type Layer = {
  readonly imports: readonly string[];
  /** Packages that have their home here. */
  readonly packages: readonly string[];
  /** Node built-ins: all, none, or the named ones. */
  readonly builtins: "any" | readonly string[];
};

const adapter = (...packages: readonly string[]): Layer => ({
  imports: ["std", "core", "ports.ts"],
  packages,
  builtins: "any",
});

/** An adapter whose hardest work is done by other threads. */
const threaded = (...packages: readonly string[]): Layer => {
  const layer = adapter(...packages);
  return { ...layer, imports: [...layer.imports, "threads"] };
};

export const layers: Readonly<Record<string, Layer>> = {
  std: { imports: [], packages: ["p-limit"], builtins: [] },
  core: { imports: ["std"], packages: ["ignore", "zod"], builtins: ["node:crypto", "node:zlib"] },
  "ports.ts": { imports: ["std", "core"], packages: [], builtins: [] },
  threads: { imports: ["std"], packages: [], builtins: ["node:os", "node:worker_threads"] },
  engine: { imports: ["std", "core", "ports.ts"], packages: [], builtins: [] },
  restore: { imports: ["std", "core", "ports.ts"], packages: [], builtins: [] },
  local: threaded("@parcel/watcher"),
  remote: adapter("dropbox", "yauzl"),
  state: adapter("lowdb", "env-paths", "zod"),
  guard: adapter("isomorphic-git"),
  snapshot: threaded("tar"),
  server: {
    imports: ["std", "core"],
    packages: ["yazl", "@peculiar/x509", "reflect-metadata"],
    builtins: "any",
  },
  app: {
    imports: [
      "std",
      "core",
      "ports.ts",
      "engine",
      "restore",
      "local",
      "remote",
      "state",
      "guard",
      "snapshot",
      "server",
    ],
    packages: [],
    builtins: "any",
  },
  daemon: { imports: ["std", "core", "ports.ts", "app"], packages: ["zod"], builtins: "any" },
  cli: {
    imports: ["std", "core", "ports.ts", "app", "daemon", "server"],
    packages: ["yargs", "picocolors", "@clack/prompts", "uqr"],
    builtins: "any",
  },
  "index.ts": { imports: ["std", "core", "ports.ts", "app"], packages: [], builtins: [] },
};
