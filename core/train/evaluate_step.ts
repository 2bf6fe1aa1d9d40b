/**
 * A pass without gradients: the loss of each token, and what each layer's router did.
 *
 * @module
 */
import {
  createPool,
  createRecorder,
  crossEntropy,
  type Device,
  download,
  type HostArray,
  type Tensor,
} from "../../kernels/mod.ts";
import { networksOf } from "../nn/gating.ts";
import type { Seen } from "../nn/block.ts";
import {
  type LayerStatistics,
  layerStatistics,
  type RoutedTokens,
} from "../nn/layer_statistics.ts";
import { outputLogits, see } from "../nn/see.ts";
import { type Batch, type ForwardOptions, headOf } from "../nn/transformer.ts";
import { layersOf } from "../spec/layers.ts";

/** What an evaluation of a batch gives. */
export interface BatchEvaluation {
  /** Loss of each token, nats; 0 where nothing is predicted. */
  losses_T: Float32Array;
  /** The same where the model is used as its recipe says; absent where that is no other way. */
  decoded_T?: Float64Array;
  /** What each layer with experts did, in order. */
  layers: LayerStatistics[];
}

/** Where each part of a router's answer lies. */
type Parts = Partial<
  Record<"wanted" | "kept" | "scores_TE" | "logits_TE" | "slots" | "merged", Tensor>
>;

function partsOf(seen: Seen): Parts {
  if (!("gated" in seen)) return { wanted: seen.ids, logits_TE: seen.logits };
  const { dispatch, wanted, scores, logits } = seen.gated;
  return {
    ...{ wanted, scores_TE: scores?.value, logits_TE: logits?.value },
    ...dispatch.kind === "choice" && { kept: dispatch.ids, wanted: wanted ?? dispatch.ids },
    ...dispatch.kind === "slots" && { slots: dispatch.combine.value },
    ...dispatch.kind === "merged" && { merged: dispatch.weights.value },
  };
}

/** What experts count for each token, of the weights of slots [T, S] or of segments [T / n, E]. */
function sharesOf(
  values: ArrayLike<number>,
  options: { tokens: number; experts: number; slots: boolean },
): Float64Array {
  const { tokens, experts, slots } = options;
  const shares = new Float64Array(tokens * experts);
  const perExpert = slots ? values.length / tokens / experts : 1;
  const length = slots ? 1 : tokens * experts / values.length;
  for (let i = 0; i < shares.length; i++) {
    const [t, e] = [Math.floor(i / experts), i % experts];
    const row = Math.floor(t / length) * experts * perExpert;
    for (let j = 0; j < perExpert; j++) shares[i] += values[row + e * perExpert + j];
  }
  return shares;
}

/** Runs a pass in memory of its own, and gives what is read of it. */
async function withPass<T>(
  device: Device,
  run: { batch: Batch; options: ForwardOptions },
  read: (pass: ReturnType<typeof see>, recorder: ReturnType<typeof createRecorder>) => {
    tensors: Tensor[];
    made: Tensor[];
    use: (values: HostArray[]) => T;
  },
): Promise<T> {
  const pool = createPool(device);
  const recorder = createRecorder(pool);
  const pass = see(recorder, run.batch, run.options);
  const { tensors, made, use } = read(pass, recorder);
  recorder.submit();
  const values = await download<HostArray>(device, tensors);
  pool.release(pass.x, ...pass.held, ...made);
  pool.trim();
  return use(values);
}

/** Evaluates a batch that is on the device. `tags_T` are the tags of its tokens, `tags` how many. */
export function evaluateBatch(
  device: Device,
  run: { batch: Batch; options: ForwardOptions; tags_T: ArrayLike<number>; tags: number },
): Promise<BatchEvaluation> {
  const { batch, options, tags_T, tags } = run;
  const { model, kernels, gates } = options;
  const layers = layersOf(model);
  return withPass(device, run, ({ x, layers: seen }, recorder) => {
    const head = { w: headOf(model, options.parameters).value, variant: kernels.transposed };
    const lost = crossEntropy(recorder, x, { ...head, targets: batch.targets });
    const parts = seen.map(([layer, what]) => ({ layer, parts: partsOf(what) }));
    const tensors = parts.flatMap(({ parts }) =>
      Object.values(parts).filter((tensor) => tensor !== undefined)
    );
    const statistics = (values: HostArray[]) => {
      const valueOf = new Map(tensors.map((tensor, i) => [tensor, values[i]]));
      return parts.map(({ layer, parts: { slots, merged, ...rest } }) => {
        const { experts } = layers[layer];
        const shares = slots ?? merged;
        const routed = Object.fromEntries(
          Object.entries(rest).map(([name, tensor]) => [name, tensor && valueOf.get(tensor)]),
        ) as Partial<RoutedTokens>;
        return layerStatistics({
          ...{ ...routed, tags_T, experts, networks: networksOf(experts, gates), tags },
          ...shares && {
            shares_TE: sharesOf(valueOf.get(shares)!, {
              ...{ tokens: tags_T.length, experts, slots: slots !== undefined },
            }),
          },
        });
      });
    };
    return {
      tensors: [lost.losses, ...tensors],
      made: [lost.loss, lost.losses, lost.lse, lost.share],
      use: ([losses, ...values]) => ({
        losses_T: losses as Float32Array,
        layers: statistics(values),
      }),
    };
  });
}

/** The logits [T, V] of a batch that is on the device, as f32. */
export function batchLogits(
  device: Device,
  run: { batch: Batch; options: ForwardOptions },
): Promise<Float32Array> {
  return withPass(device, run, ({ x }, recorder) => {
    const logits = outputLogits(recorder, x, run.options);
    return {
      ...{ tensors: [logits], made: [logits] },
      use: ([values]) => values instanceof Float32Array ? values : Float32Array.from(values),
    };
  });
}
