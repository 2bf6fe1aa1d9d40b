/**
 * A decoder of serial blocks, from its description: token table, then in each layer RMSNorm,
 * grouped-query attention with rotary positions, RMSNorm and a dropless mixture of experts, each
 * branch added to what it came from; a last norm, and the output layer within the loss.
 *
 * @module
 */
import { UserError } from "../../kernels/base/errors.ts";
import {
  crossEntropy,
  crossEntropyBackward,
  type KernelChoice,
  normals,
  type Pool,
  split,
  type Tensor,
} from "../../kernels/mod.ts";
import { moeLayerShape } from "../spec/lower_model.ts";
import type { GqaAttention, MhaAttention, Model } from "../spec/model.ts";
import { attend, linear, lookUp, moe, type MoeVariables, normalise } from "./layers.ts";
import type { Tape, Variable } from "./tape.ts";

/** A weight of a model: its gradient lives from the backward pass to the update. */
export interface ModelParameter extends Variable {
  /** Where it is in the model, such as "layers.0.moe.up". */
  readonly name: string;
}

/** The weights of a model by name, in the order of the forward pass. */
export type ModelParameters = Readonly<Record<string, ModelParameter>>;

/** A batch on the device: sequences one after the other. */
export interface Batch {
  /** Token ids, u32 [T]. */
  ids: Tensor;
  /** The token that follows each, u32 [T]. */
  targets: Tensor;
  /** Tokens of a sequence. */
  length: number;
}

/** Attention whose heads share widths, as this decoder runs it. */
type PlainAttention = MhaAttention | GqaAttention;

/** Parts that descriptions may have and this transformer has not. */
const absent = [
  "linear",
  "blocks",
  "mtp",
  "attention.window",
  "attention.sinks",
  "attention.outputGate",
  "moe.router.limit",
] as const;

/**
 * The attention of a model that this decoder can run.
 *
 * @throws {UserError} that names the first field it cannot.
 */
function checkModel(model: Model): PlainAttention {
  const { attention, norm, moe, embedding } = model;
  const wants: [field: string, found: string, wanted: string, fits: boolean][] = [
    ["attention.kind", attention.kind, "mha or gqa", /^(mha|gqa)$/.test(attention.kind)],
    ["block", model.block, "serial", model.block === "serial"],
    ["norm.kind", norm.kind, "rmsnorm", norm.kind === "rmsnorm"],
    ["positions", embedding.positions.kind, "rope", embedding.positions.kind === "rope"],
    ["embedding.tied", `${embedding.tied}`, "true", embedding.tied],
    ["encoderLayers", `${model.encoderLayers}`, "0", model.encoderLayers === 0],
    ["mamba", model.mamba ? "layers" : "none", "none", !model.mamba],
    ...absent.map((field): [string, string, string, boolean] => {
      const there = field.split(".").reduce<unknown>(
        (at, key) => (at as Record<string, unknown> | undefined)?.[key],
        model,
      );
      return [field, there ? "one" : "none", "none", !there];
    }),
    ["moe", moe ? "experts" : "none", "experts in every layer", moe?.placement.kind === "every"],
    ["moe.activation", `${moe?.activation}`, "swiglu", moe?.activation === "swiglu"],
    ["moe.router", `${moe?.router.kind}`, "linear", moe?.router.kind === "linear"],
  ];
  for (const [field, found, wanted, fits] of wants) {
    if (fits) continue;
    throw new UserError(`Cannot train ${model.id}: found ${found} as ${field}, wanted ${wanted}`);
  }
  return attention as PlainAttention;
}

/** Shapes of a model's weights and the fan-in that their size follows; 0 for ones. */
function shapesOf(model: Model): Record<string, { shape: number[]; fanIn: number }> {
  const attention = checkModel(model);
  const { dModel: d, layers } = model;
  const { heads, headDim } = attention;
  const kvHeads = attention.kind === "gqa" ? attention.kvHeads : heads;
  const { experts: e, dExpert: f, sharedWidth: s } = moeLayerShape(model);
  const layer = {
    "attention.norm": { shape: [d], fanIn: 0 },
    "attention.q": { shape: [d, heads * headDim], fanIn: d },
    "attention.k": { shape: [d, kvHeads * headDim], fanIn: d },
    "attention.v": { shape: [d, kvHeads * headDim], fanIn: d },
    "attention.out": { shape: [heads * headDim, d], fanIn: 2 * layers * heads * headDim },
    "moe.norm": { shape: [d], fanIn: 0 },
    "moe.router": { shape: [d, e], fanIn: d },
    "moe.up": { shape: [e, 2, d, f], fanIn: d },
    "moe.down": { shape: [e, f, d], fanIn: 2 * layers * f },
    ...(s > 0 && {
      "moe.sharedUp": { shape: [2, d, s], fanIn: d },
      "moe.sharedDown": { shape: [s, d], fanIn: 2 * layers * s },
    }),
  };
  return {
    "embedding": { shape: [model.embedding.vocab, d], fanIn: d },
    ...Object.fromEntries(
      Array.from(
        { length: layers },
        (_, i) =>
          Object.entries(layer).map(([name, spec]) => [`layers.${i}.${name}`, spec] as const),
      ).flat(),
    ),
    "norm": { shape: [d], fanIn: 0 },
  };
}

/**
 * Puts a model's weights on the device: normal with a variance of 1 / fan-in, those that end a
 * branch smaller by the number of branches (GPT-2), norms 1.
 *
 * @throws {UserError} where the description has a part that this decoder does not run.
 */
export function createParameters(
  pool: Pool,
  model: Model,
  options: { seed: number },
): ModelParameters {
  return Object.fromEntries(
    Object.entries(shapesOf(model)).map(([name, { shape, fanIn }]) => {
      const n = shape.reduce((a, b) => a * b);
      const values = fanIn === 0
        ? new Float32Array(n).fill(1)
        : normals(split(options.seed, `weights/${name}`), n, 1 / Math.sqrt(fanIn));
      return [name, { name, value: pool.upload(name, shape, values) }];
    }),
  );
}

/** What a forward pass over a batch is told. */
export interface LossOptions {
  /** The description. */
  model: Model;
  /** The weights. */
  parameters: ModelParameters;
  /** Kernel variants. */
  kernels: KernelChoice;
  /** Cosines and sines of the rotary positions, see `ropeTable`. */
  rope: Tensor;
}

/** Records the layers over a batch: the last norm's output [T, D]. */
export function decode(tape: Tape, batch: Batch, options: LossOptions): Variable {
  const { model, parameters: p, kernels, rope } = options;
  const { heads, headDim, ...attention } = checkModel(model);
  const kvHeads = attention.kind === "gqa" ? attention.kvHeads : heads;
  const { length } = batch;
  const shape = moeLayerShape(model);
  const gate = { topK: shape.topK, softmax: "after" } as const;
  let x = lookUp(tape, p.embedding, { ids: batch.ids, label: "embedding" });
  for (let i = 0; i < model.layers; i++) {
    const w = (name: string): ModelParameter => p[`layers.${i}.${name}`];
    const named = (name: string) => ({
      w: w(`attention.${name}`),
      kernels,
      label: `attention ${name}`,
    });
    const a = normalise(tape, x, { gamma: w("attention.norm"), label: "attention norm" });
    const turned = (heads: number) => ({ turn: { table: rope, heads, length } });
    const q = linear(tape, a, { ...named("q"), ...turned(heads) });
    const k = linear(tape, a, { ...named("k"), ...turned(kvHeads) });
    const v = linear(tape, a, named("v"));
    const o = attend(tape, { q, k, v }, { length, heads, kvHeads, scale: 1 / Math.sqrt(headDim) });
    const middle = linear(tape, o, { ...named("out"), residual: x });
    const b = normalise(tape, middle, { gamma: w("moe.norm"), label: "moe norm" });
    const experts: MoeVariables = {
      router_DE: w("moe.router"),
      up_E2DF: w("moe.up"),
      down_EFD: w("moe.down"),
      sharedUp_2DS: w("moe.sharedUp") ?? null,
      sharedDown_SD: w("moe.sharedDown") ?? null,
    };
    x = moe(tape, b, { shape, gate, w: experts, kernels, residual: middle });
  }
  return normalise(tape, x, { gamma: p.norm, label: "last norm" });
}

/**
 * Records the mean cross-entropy of a batch and the gradients of all weights, which are then in
 * `grad` of each parameter; gives the loss, f32 [1].
 */
export function lossAndGradients(tape: Tape, batch: Batch, options: LossOptions): Tensor {
  const { parameters: p, kernels } = options;
  const { recorder } = tape;
  const { pool } = recorder;
  const x = decode(tape, batch, options);
  const { transposed: variant, weightGrad } = kernels;
  const head = { w: p.embedding.value, targets: batch.targets, variant, weightGrad };
  const forward = crossEntropy(recorder, x.value, { ...head, keepLogits: true });
  const { dx, dw } = crossEntropyBackward(recorder, x.value, { ...head, forward });
  pool.release(forward.losses, forward.lse, forward.share);
  tape.addGrad(p.embedding, dw);
  tape.backward(x, dx);
  return forward.loss;
}
