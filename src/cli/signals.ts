/**
 * Run work that Ctrl-C, SIGTERM and SIGHUP stop in an orderly way: the first one fires the signal, so that what is under way
 * ends cleanly; the second ends the process at once, which loses nothing either, since every step is crash-safe.
 */
export async function withSignals<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const stop = (): void => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort();
  };
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const signal of signals) process.on(signal, stop);
  try {
    return await work(controller.signal);
  } finally {
    for (const signal of signals) process.off(signal, stop);
  }
}
