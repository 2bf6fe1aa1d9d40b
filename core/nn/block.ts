/**
 * A block of a transformer: attention and a network, one behind the other or side by side.
 *
 *     serial      m = x + Attn(norm x)      y = m + Network(norm m)
 *     parallel    y = x + Attn(norm x) + Network(norm x)     PaLM, arXiv 2204.02311; BAM, 2408.08274
 *
 * The network is dense, or a mixture of experts behind a gate, with shared experts and a dense network
 * beside where the description has them.
 *
 * @module
 */
import type { KernelChoice, Tensor } from "../../kernels/mod.ts";
import type { Arrays } from "../arrays/arrays.ts";
import type { Gated } from "../gates/gate.ts";
import type { ModelLayer } from "../spec/layers.ts";
import { moeLayerShape } from "../spec/lower_model.ts";
import type { Model } from "../spec/model.ts";
import { feedForward } from "./feed_forward.ts";
import { gatedExperts } from "./gated_experts.ts";
import { type GateBatch, type Gating, route } from "./gating.ts";
import { expertShares, headCounts, weighHeads } from "./attention_experts.ts";
import { attend, linear, moe, normalise } from "./layers.ts";
import type { RunnableAttention } from "./model_check.ts";
import { sharesNorm } from "./parameters.ts";
import { stored } from "./pointwise.ts";
import type { Tape, Variable } from "./tape.ts";

/** What a layer's router did: a gate's whole answer, or ids and logits of the fused layer. */
export type Seen = { gated: Gated<Variable, Tensor> } | { ids: Tensor; logits: Tensor };

/** The gates of a model that runs. */
export interface RunningGates extends Gating {
  /** All states, by their names in the model. */
  states: Readonly<Record<string, Tensor>>;
  /** Makes the language on a tape. */
  arrays: (tape: Tape) => Arrays<Variable, Tensor>;
  /** Whether the model is trained. */
  training: boolean;
}

/** What blocks are told. */
export interface BlockOptions {
  /** The description. */
  model: Model;
  /** All weights, by their names in the model, as products read them. */
  weights: Readonly<Record<string, Variable>>;
  /** Kernel variants. */
  kernels: KernelChoice;
  /** The batch. */
  batch: GateBatch & { length: number };
  /** Cosines and sines of rotary positions, where the model has them. */
  rope?: Tensor;
  /** Whether tokens see those before them alone; true where absent. */
  causal?: boolean;
  /** The gates; the description's own router where absent. */
  gates?: RunningGates;
  /** Shown what each layer's router did. */
  seen?: (layer: number, seen: Seen, tape: Tape) => void;
}

/** What goes from block to block. */
export interface Passed {
  /** Tokens [T, D]. */
  x: Variable;
  /** Logits of the last gate. */
  logits?: Variable;
}

type Weight = (name: string) => Variable;

const weightOf = ({ weights }: BlockOptions, { index }: ModelLayer): Weight => (name) =>
  weights[`layers.${index}.${name}`];

/** A norm of model width under its name. */
export function normed(
  tape: Tape,
  x: Variable,
  options: { model: Model; weight: (name: string) => Variable; name: string },
): Variable {
  const { model, weight, name } = options;
  return normalise(tape, x, {
    kind: model.norm.kind === "layernorm" ? "layer" : "rms",
    ...{ gamma: weight(name), beta: weight(`${name}.beta`), label: name.replace(".", " ") },
  });
}

/** residual + Attn(a). */
function attentionBranch(
  tape: Tape,
  a: Variable,
  options: BlockOptions & { layer: ModelLayer; residual: Variable },
): Variable {
  const { model, kernels, rope, causal = true, layer, residual, batch: { length } } = options;
  const attention = model.attention as RunnableAttention;
  const { headDim } = attention;
  const { heads, kvHeads } = headCounts(attention);
  const weight = weightOf(options, layer);
  const named = (name: string) => ({
    ...{ w: weight(`attention.${name}`), bias: weight(`attention.${name}.bias`) },
    ...{ kernels, label: `attention ${name}` },
  });
  const turned = (heads: number) => rope ? { turn: { table: rope, heads, length } } : {};
  const q = linear(tape, a, { ...named("q"), ...turned(heads) });
  const k = linear(tape, a, { ...named("k"), ...turned(kvHeads) });
  const v = linear(tape, a, named("v"));
  const o = attend(tape, { q, k, v }, {
    ...{ length, heads, kvHeads, causal, scale: 1 / Math.sqrt(headDim) },
    ...{ window: layer.window, sink: weight("attention.sinks") },
  });
  if (attention.kind !== "experts") return linear(tape, o, { ...named("out"), residual });
  const { routing } = attention;
  const shares = expertShares(tape, a, { router: weight("attention.router"), routing, kernels });
  const { w, bias, label } = named("out");
  const like = residual.value.dtype === "f16" ? "f16" : "f32";
  // Biases are weighed as their experts are.
  const biased = bias
    ? linear(tape, stored(tape, shares, like), { w: bias, residual, kernels, label: "out bias" })
    : residual;
  const weighed = weighHeads(tape, o, { shares, attention });
  return linear(tape, weighed, { w, residual: biased, kernels, label });
}

/** What a branch of experts gives: its sum with the residual, and the logits of its gate. */
function expertsBranch(
  tape: Tape,
  b: Variable,
  options: BlockOptions & { layer: ModelLayer; residual: Variable; logits?: Variable },
): Passed {
  const { model, kernels, gates, batch, layer, seen, weights, logits: logitsBefore } = options;
  const { index } = layer;
  const weight = weightOf(options, layer);
  const { activation, denseBeside } = model.moe!;
  let { residual } = options;
  const beside = (up: string, down: string, of: typeof activation) =>
    feedForward(tape, b, {
      ...{ up: weight(up), down: weight(down), activation: of, residual, kernels },
      label: up.includes("shared") ? "shared" : "dense",
    });
  if (denseBeside) residual = beside("ffn.up", "ffn.down", denseBeside.activation);
  if (!gates) {
    const x = moe(tape, b, {
      shape: moeLayerShape(model, index),
      gate: { topK: model.moe!.topK, softmax: "after" },
      w: {
        ...{ router_DE: weight("moe.router"), up_E2DF: weight("moe.up") },
        ...{ down_EFD: weight("moe.down"), sharedUp_2DS: weight("moe.sharedUp") ?? null },
        sharedDown_SD: weight("moe.sharedDown") ?? null,
      },
      ...{ kernels, residual, seen: (chosen) => seen?.(index, chosen, tape) },
    });
    return { x };
  }
  if (weight("moe.sharedUp")) residual = beside("moe.sharedUp", "moe.sharedDown", activation);
  const g = gates.arrays(tape);
  const gated = route(stored(tape, b, "f32"), {
    ...{ gating: gates, layer: index, g, weights, batch, logitsBefore },
    ...{ states: gates.states, training: gates.training },
  });
  seen?.(index, { gated }, tape);
  const [up, down] = [weight("moe.up"), weight("moe.down")];
  const x = gatedExperts(tape, b, { gated, g, up, down, activation, kernels, residual });
  return { x, logits: gated.logits };
}

/** Records a block. */
export function block(
  tape: Tape,
  { x, logits }: Passed,
  options: BlockOptions & { layer: ModelLayer },
): Passed {
  const { model, kernels, layer } = options;
  const weight = weightOf(options, layer);
  const parallel = model.block === "parallel";
  const a = normed(tape, x, { model, weight, name: "attention.norm" });
  const residual = attentionBranch(tape, a, { ...options, residual: x });
  const name = layer.network === "dense" ? "ffn.norm" : "moe.norm";
  const b = sharesNorm(model) ? a : normed(tape, parallel ? x : residual, { model, weight, name });
  if (layer.network === "experts") {
    return { logits, ...expertsBranch(tape, b, { ...options, residual, logits }) };
  }
  const y = feedForward(tape, b, {
    ...{ up: weight("ffn.up"), down: weight("ffn.down"), activation: model.ffn!.activation },
    ...{ residual, kernels, label: "dense" },
  });
  return { x: y, logits };
}
