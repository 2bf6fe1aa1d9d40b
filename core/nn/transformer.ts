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
  scaleTensor,
  type Tensor,
} from "../../kernels/mod.ts";
import { lossGradient } from "../arrays/device_arrays.ts";
import type { AuxiliaryLoss } from "../gates/gate.ts";
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

/** What a pass gave that losses beside the cross-entropy may read. */
export interface PassOutput {
  /** The last norm's output [T, D]. */
  x: Variable;
  /** Cross-entropy of each token, f32 [T]; 0 where nothing is predicted. */
  losses: Tensor;
}

/** Losses beside the cross-entropy, [1, 1], and new values of states by their names in the model. */
export interface Beside {
  /** Losses, multiplied by their coefficients. */
  losses: readonly AuxiliaryLoss<Variable>[];
  /** States. */
  state: Readonly<Record<string, Variable>>;
}

/** What is recorded beside one pass and its cross-entropy. */
export interface LossOptions {
  /** Factor of the loss; 1 where absent. */
  lossScale?: number;
  /** Passes over the batch, which count alike; the one where absent. */
  passes?: readonly ForwardOptions[];
  /** Records losses over what the passes gave. */
  beside?: (passes: readonly PassOutput[]) => Beside;
}

/** Collects what gates leave, and gives their losses a gradient. */
function collector(weight: number) {
  const auxiliary: Record<string, Tensor> = {};
  const states: Record<string, Tensor> = {};
  const count = ({ recorder }: Tape, { name, value }: AuxiliaryLoss<Variable>) => {
    const sum = auxiliary[name];
    if (sum) addScaled(recorder, sum, { x: value.value, label: "auxiliary losses" });
    else auxiliary[name] = copyTensor(recorder, value.value, { label: `loss ${name}` });
  };
  const move = ({ recorder }: Tape, name: string, { value }: Variable) => {
    // Of several passes the first one's state counts.
    states[name] ??= copyTensor(recorder, value, { label: "new state" });
  };
  return {
    auxiliary,
    states,
    seen(layer: number, what: Seen, tape: Tape, pass: SeenPass): void {
      if (!("gated" in what)) return;
      const { losses, state } = what.gated;
      for (const loss of losses) {
        if (pass !== "first") tape.addGrad(loss.value, lossGradient(tape, weight));
        if (pass !== "again") count(tape, loss);
      }
      if (pass === "again") return;
      for (const [name, value] of Object.entries(state)) {
        move(tape, `layers.${layer}.state.${name}`, value);
      }
    },
    beside(tape: Tape, { losses, state }: Beside, scale: number): void {
      for (const loss of losses) {
        tape.addGrad(loss.value, lossGradient(tape, scale));
        count(tape, loss);
      }
      for (const [name, value] of Object.entries(state)) move(tape, name, value);
    },
  };
}

/** The mean of the passes' losses; takes them over. */
function meanLoss({ recorder }: Tape, losses: readonly Tensor[]): Tensor {
  const [sum, ...others] = losses;
  if (others.length === 0) return sum;
  for (const x of others) addScaled(recorder, sum, { x, label: "losses of passes" });
  const mean = scaleTensor(recorder, sum, { by: 1 / losses.length, label: "mean loss" });
  recorder.pool.release(...losses);
  return mean;
}

/**
 * Records the mean cross-entropy of a batch plus the losses of its gates and those beside, and the
 * gradients of all weights, times `lossScale`, which are then in `grad` of each parameter.
 */
export function lossAndGradients(
  tape: Tape,
  batch: Batch,
  options: ForwardOptions & LossOptions,
): Lost {
  const { lossScale = 1, passes = [options], beside } = options;
  const { recorder } = tape;
  const scale = lossScale / passes.length;
  const collected = collector(scale);
  const outputs = passes.map((one) => {
    const { model, parameters, kernels } = one;
    const watch: ForwardOptions["seen"] = (...what) => {
      collected.seen(...what);
      one.seen?.(...what);
    };
    const x = decode(tape, batch, { ...one, seen: watch });
    const { transposed: variant, weightGrad } = kernels;
    const output = headOf(model, parameters);
    const head = { w: output.value, targets: batch.targets, variant, weightGrad };
    const forward = crossEntropy(recorder, x.value, { ...head, keepLogits: true });
    const { dx, dw } = crossEntropyBackward(recorder, x.value, { ...head, forward, scale });
    recorder.pool.release(forward.lse, forward.share);
    tape.addGrad(output, dw);
    return { x, dx, losses: forward.losses, loss: forward.loss };
  });
  if (beside) collected.beside(tape, beside(outputs), lossScale);
  const loss = meanLoss(tape, outputs.map((one) => one.loss));
  recorder.pool.release(...outputs.map((one) => one.losses));
  for (const { x, dx } of outputs.slice(1)) tape.addGrad(x, dx);
  tape.backward(outputs[0].x, outputs[0].dx);
  const { auxiliary, states } = collected;
  return { loss, auxiliary, states };
}
