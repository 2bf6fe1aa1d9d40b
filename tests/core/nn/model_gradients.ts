/** Whole models on the device against the oracle in f64: losses, gradients, slopes. */
import { assertEquals } from "@std/assert";
import { checkRunnableModel } from "../../../core/nn/model_check.ts";
import { createParameters } from "../../../core/nn/parameters.ts";
import { createTape } from "../../../core/nn/tape.ts";
import { lossAndGradients } from "../../../core/nn/transformer.ts";
import type { Model } from "../../../core/spec/model.ts";
import { createRecorder } from "../../../kernels/recorder.ts";
import { ropeTable } from "../../../kernels/rope/table.ts";
import { download, type Pool } from "../../../kernels/tensor.ts";
import { guessedKernels } from "../../../kernels/tune.ts";
import { numbers } from "../../kernels/compare.ts";
import { modelOracle } from "./model_oracle.ts";
import { smallBatch } from "./small_models.ts";

/** Loss and gradients of a model on the device, with weights that are nowhere 0 or 1. */
export async function modelOnDevice(
  pool: Pool,
  model: Model,
  { causal = true }: { causal?: boolean } = {},
) {
  const { ids, targets } = smallBatch(2, 12);
  // Nothing is predicted at every fifth token.
  const wanted = targets.map((target, t) => t % 5 === 0 ? 0xffffffff : target);
  const parameters = createParameters(pool, model, { seed: 1, causal, length: 12 });
  const names = Object.keys(parameters);
  const weights: Record<string, Float32Array> = {};
  for (const name of names) {
    const { value } = parameters[name];
    const [begun] = await download(pool.device, [value]);
    const scale = value.shape.length === 1 ? 0.3 : 0.1;
    const noise = numbers(name, begun.length, scale);
    weights[name] = begun.map((w, i) => w + noise[i]);
    pool.write(value, weights[name]);
  }
  const upload = (name: string, values: Uint32Array) => pool.upload(name, [24], values);
  const batch = {
    ...{ ids: upload("ids", ids), targets: upload("targets", wanted), length: 12 },
    positions: upload("positions", Uint32Array.from({ length: 24 }, (_, t) => t % 12)),
  };
  const { headDim } = checkRunnableModel(model);
  const rope = model.embedding.positions.kind === "rope"
    ? ropeTable(pool, { positions: 12, rotary: headDim })
    : undefined;
  const recorder = createRecorder(pool);
  const kernels = guessedKernels(pool.device);
  const told = { model, parameters, kernels, rope, causal };
  const { loss } = lossAndGradients(createTape(recorder), batch, told);
  recorder.submit();
  const grads = names.map((name) => parameters[name].grad!);
  const [[value], ...gradients] = await download(pool.device, [loss, ...grads]);
  const { length: _, ...tensors } = batch;
  pool.release(loss, ...grads, ...Object.values(tensors), ...(rope ? [rope] : []));
  pool.release(...names.map((name) => parameters[name].value));
  assertEquals(pool.bytes().live, 0, "what is released was all there was");
  const oracle = (weights: Record<string, ArrayLike<number>>) => {
    const losses = modelOracle({ ids, targets: wanted, length: 12 }, { model, weights, causal });
    const count = wanted.filter((target) => target !== 0xffffffff).length;
    return losses.reduce((a, b) => a + b) / count;
  };
  return { value, gradients, names, weights, oracle };
}

/** The largest difference between gradients and slopes of the oracle, as a share of the gradient. */
export function slopeErrors(found: Awaited<ReturnType<typeof modelOnDevice>>) {
  const { gradients, names, weights, oracle } = found;
  return names.map((name, i) => {
    const gradient = gradients[i];
    const along = numbers(`along ${name}`, gradient.length);
    const size = Math.sqrt(gradient.reduce((sum, g) => sum + g * g, 0));
    const slope = gradient.reduce((sum, g, j) => sum + g * along[j], 0);
    const at = (step: number) => {
      const moved = Float64Array.from(weights[name], (w, j) => w + step * along[j]);
      return oracle({ ...weights, [name]: moved });
    };
    // The slope along random numbers is about as large as the gradient.
    return { name, error: Math.abs((at(1e-6) - at(-1e-6)) / 2e-6 - slope) / Math.max(size, 1e-3) };
  });
}
