/**
 * The routing that a layer's gate chooses on the device.
 *
 * @module
 */
import { createRecorder, download, type KernelChoice, type Pool } from "../../kernels/mod.ts";
import type { LayerRun } from "./layer_inputs.ts";
import { prepareLayer, recordForward, releaseLayer } from "./layer_passes.ts";

/** Runs a layer forward once and gives the experts of its tokens, T * K. */
export async function routeLayer(
  pool: Pool,
  run: LayerRun,
  kernels: KernelChoice,
): Promise<Uint32Array> {
  const layer = prepareLayer(pool, run);
  const recorder = createRecorder(pool);
  const { routing, tensors } = recordForward(recorder, layer, { kernels });
  recorder.submit();
  const [ids] = await download(pool.device, [routing.ids], Uint32Array);
  pool.release(...tensors);
  releaseLayer(pool, layer);
  pool.trim();
  return ids;
}
