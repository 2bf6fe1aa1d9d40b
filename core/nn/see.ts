/**
 * A pass without gradients, in which routers are looked at: what evaluation is made of.
 *
 * @module
 */
import { gemm, type Recorder, type Tensor } from "../../kernels/mod.ts";
import { layersOf } from "../spec/layers.ts";
import { block, type BlockOptions, type Passed, type Seen } from "./block.ts";
import { createTape, type Tape } from "./tape.ts";
import {
  type Batch,
  blockOptions,
  embedTokens,
  type ForwardOptions,
  headOf,
  lastNorm,
} from "./transformer.ts";

/** What a pass without gradients left on the device, to be released. */
export interface Seeing {
  /** The last norm's output [T, D]. */
  x: Tensor;
  /** What each layer's router did, by the index of the layer. */
  layers: [layer: number, seen: Seen][];
  /** All that has to be released, x excepted. */
  held: Tensor[];
}

/** The tensors of what a router did that measures are made of. */
function tensorsOf(seen: Seen): Tensor[] {
  if (!("gated" in seen)) return [seen.ids, seen.logits];
  const { dispatch, wanted, scores, logits } = seen.gated;
  const weights = dispatch.kind === "slots"
    ? [dispatch.combine.value]
    : dispatch.kind === "merged"
    ? [dispatch.weights.value]
    : [dispatch.ids];
  return [...weights, wanted, scores?.value, logits?.value].filter((t) => t !== undefined);
}

/** Records a pass without gradients; what is not looked at is released block by block. */
export function see(recorder: Recorder, batch: Batch, options: ForwardOptions): Seeing {
  const layers: Seeing["layers"] = [];
  const wanted = new Set<Tensor>();
  const held = new Set<Tensor>();
  const told: BlockOptions = {
    ...blockOptions(batch, options),
    seen(layer, seen) {
      layers.push([layer, seen]);
      tensorsOf(seen).forEach((tensor) => wanted.add(tensor));
    },
  };
  /** Runs a part on a tape of its own, and keeps what it gives and what is looked at. */
  const part = (run: (tape: Tape) => Passed): Passed => {
    const inner = createTape(recorder);
    const stream = run(inner);
    if (stream.logits) wanted.add(stream.logits.value);
    const { value } = stream.x;
    inner.end(value, ...wanted).filter((tensor) => tensor !== value).forEach((t) => held.add(t));
    return stream;
  };
  let stream = part((inner) => ({ x: embedTokens(inner, batch, options) }));
  for (const layer of layersOf(options.model)) {
    const before = stream.x.value;
    stream = part((inner) => block(inner, stream, { ...told, layer }));
    recorder.pool.release(before);
  }
  const last = part((inner) => ({ x: lastNorm(inner, stream.x, options) }));
  if (last.x !== stream.x) recorder.pool.release(stream.x.value);
  return { x: last.x.value, layers, held: [...held] };
}

/** Records the logits [T, V] of the last norm's output x [T, D]. */
export function outputLogits(
  recorder: Recorder,
  x: Tensor,
  options: Pick<ForwardOptions, "model" | "parameters" | "kernels">,
): Tensor {
  const { model, parameters, kernels } = options;
  return gemm(recorder, x, {
    ...{ b: headOf(model, parameters).value, transposeB: true, label: "logits" },
    variant: kernels.transposed,
  });
}
