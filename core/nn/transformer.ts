/**
 * A transformer from its description: token table, blocks, a last norm, and the output layer within
 * the loss. Blocks are serial or parallel, with experts where the description places them and a dense
 * network elsewhere; without experts it is the dense twin.
 *
 * @module
 */
import {
  addScaled,
  copyTensor,
  crossEntropy,
  crossEntropyBackward,
  type Tensor,
} from "../../kernels/mod.ts";
import { lossGradient } from "../arrays/device_arrays.ts";
import { layersOf } from "../spec/layers.ts";
import type { Model } from "../spec/model.ts";
import { block, type BlockOptions, normed, type Passed, type Seen } from "./block.ts";
import { lookUp } from "./layers.ts";
import { plus } from "./pointwise.ts";
import { recomputed } from "./recompute.ts";
import type { Tape, Variable } from "./tape.ts";

/** A batch on the device: sequences one after the other. */
export interface Batch {
  /** Token ids, u32 [T]. */
  ids: Tensor;
  /** What is to be predicted at each, u32 [T]; 0xffffffff where nothing is. */
  targets: Tensor;
  /** Tokens of a sequence. */
  length: number;
  /** The id before each in its sequence, u32 [T]; what gates read. The ids where absent. */
  before?: Tensor;
  /** The tag of each token, u32 [T]; what gates read. The ids where absent. */
  tags?: Tensor;
  /** The position of each in its sequence, u32 [T]; for learned positions. */
  positions?: Tensor;
}

/** In which recording of a block its router is seen: the only one, or one of two. */
export type SeenPass = "only" | "first" | "again";

/** What a forward pass over a batch is told. */
export interface ForwardOptions extends Omit<BlockOptions, "batch" | "weights" | "seen"> {
  /** The weights, as products read them. */
  parameters: Readonly<Record<string, Variable>>;
  /** Whether blocks are recorded again in the backward pass instead of kept. */
  recompute?: boolean;
  /** Shown what each layer's router did. */
  seen?: (layer: number, seen: Seen, tape: Tape, pass: SeenPass) => void;
}

/** What blocks are told of a batch, but for who sees their routers. */
export function blockOptions(batch: Batch, options: ForwardOptions): BlockOptions {
  const { ids, before = ids, tags = ids, length } = batch;
  const { parameters: weights, seen: _, ...rest } = options;
  return { ...rest, weights, batch: { ids, before, tags, length } };
}

/** The tokens' rows of the table, with learned positions where the model has them. */
export function embedTokens(tape: Tape, batch: Batch, options: ForwardOptions): Variable {
  const { embedding, positions } = options.parameters;
  const x = lookUp(tape, embedding, { ids: batch.ids, label: "embedding" });
  if (!positions) return x;
  const at = lookUp(tape, positions, { ids: batch.positions!, label: "positions" });
  return plus(tape, x, at);
}

/** The last norm, where the model has one. */
export function lastNorm(
  tape: Tape,
  x: Variable,
  { model, parameters: p }: Pick<ForwardOptions, "model" | "parameters">,
): Variable {
  if (!model.norm.final) return x;
  return normed(tape, x, { model, weight: (name) => p[name], name: "norm" });
}

/** The output layer's weights [V, D]. */
export const headOf = (model: Model, p: ForwardOptions["parameters"]): Variable =>
  model.embedding.tied ? p.embedding : p.head;

/** Records the layers over a batch: the last norm's output [T, D]. */
export function decode(tape: Tape, batch: Batch, options: ForwardOptions): Variable {
  const { model, recompute, seen } = options;
  const told = blockOptions(batch, options);
  let stream: Passed = { x: embedTokens(tape, batch, options) };
  for (const layer of layersOf(model)) {
    const record = (tape: Tape, from: Passed, pass: SeenPass) =>
      block(tape, from, { ...told, layer, seen: (at, what, on) => seen?.(at, what, on, pass) });
    if (!recompute) {
      stream = record(tape, stream, "only");
      continue;
    }
    const inputs = [stream.x, ...(stream.logits ? [stream.logits] : [])];
    const [x, logits] = recomputed(tape, inputs, (inner, [x, logits], pass) => {
      const to = record(inner, { x, logits }, pass);
      // Logits that a dense block hands on are not its own to give.
      return to.logits && to.logits !== logits ? [to.x, to.logits] : [to.x];
    });
    stream = { x, logits: logits ?? stream.logits };
  }
  return lastNorm(tape, stream.x, options);
}

/** What a loss left on the device, to be released. */
export interface Lost {
  /** Mean cross-entropy of the tokens that have a target, f32 [1]. */
  loss: Tensor;
  /** Auxiliary losses by name, summed over layers, f32 [1, 1]. */
  auxiliary: Record<string, Tensor>;
  /** New values of states by their names in the model; what is not there stays. */
  states: Record<string, Tensor>;
}

/** Collects what gates leave, and gives their losses a gradient. */
function collector(lossScale: number) {
  const auxiliary: Record<string, Tensor> = {};
  const states: Record<string, Tensor> = {};
  return {
    auxiliary,
    states,
    seen(layer: number, what: Seen, tape: Tape, pass: SeenPass): void {
      if (!("gated" in what)) return;
      const { losses, state } = what.gated;
      const { recorder } = tape;
      for (const { name, value: loss } of losses) {
        if (pass !== "first") tape.addGrad(loss, lossGradient(tape, lossScale));
        if (pass === "again") continue;
        const sum = auxiliary[name];
        if (sum) addScaled(recorder, sum, { x: loss.value, label: "auxiliary losses" });
        else auxiliary[name] = copyTensor(recorder, loss.value, { label: `loss ${name}` });
      }
      if (pass === "again") return;
      for (const [name, { value }] of Object.entries(state)) {
        states[`layers.${layer}.state.${name}`] = copyTensor(recorder, value, {
          label: "new state",
        });
      }
    },
  };
}

/**
 * Records the mean cross-entropy of a batch plus the losses of its gates, and the gradients of all
 * weights, times `lossScale`, which are then in `grad` of each parameter.
 */
export function lossAndGradients(
  tape: Tape,
  batch: Batch,
  options: ForwardOptions & { lossScale?: number },
): Lost {
  const { model, parameters: p, kernels, lossScale = 1 } = options;
  const { recorder } = tape;
  const { auxiliary, states, seen } = collector(lossScale);
  const watch: ForwardOptions["seen"] = (...what) => {
    seen(...what);
    options.seen?.(...what);
  };
  const x = decode(tape, batch, { ...options, seen: watch });
  const { transposed: variant, weightGrad } = kernels;
  const output = headOf(model, p);
  const head = { w: output.value, targets: batch.targets, variant, weightGrad };
  const forward = crossEntropy(recorder, x.value, { ...head, keepLogits: true });
  const { dx, dw } = crossEntropyBackward(recorder, x.value, {
    ...head,
    forward,
    scale: lossScale,
  });
  recorder.pool.release(forward.losses, forward.lse, forward.share);
  tape.addGrad(output, dw);
  tape.backward(x, dx);
  return { loss: forward.loss, auxiliary, states };
}
