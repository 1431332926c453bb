/** One process of the soak: runs the seeds that it is sent, one after the other. */
import { layers, type LayerName } from "./layers.ts";

process.on("message", (order: { readonly layer: LayerName; readonly seed: number }) => {
  void layers[order.layer](order.seed).then((result) => process.send?.(result));
});
