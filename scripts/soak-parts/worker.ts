/** One process of the soak: runs the seeds that it is sent, one after the other. */
import { layers, type LayerName } from "./layers.ts";

// Whoever started it is gone.
process.on("disconnect", () => process.kill(-process.pid, "SIGKILL"));
process.on("message", (order: { readonly layer: LayerName; readonly seed: number }) => {
  void layers[order.layer](order.seed).then((result) => process.send?.(result));
});
