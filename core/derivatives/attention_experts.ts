/**
 * A mixture of attention heads (MoA, arXiv 2210.05144): each expert is a pair of projections,
 * into a query and back to the stream; keys and values are those of all experts.
 *
 * @module
 */
import type { Arrays } from "../arrays/arrays.ts";
import type { GateTensor } from "../gates/gate.ts";
import { gateOf } from "../gates/pipeline.ts";
import { expertRanges } from "../gates/zero_experts.ts";
import { within } from "../nn/gating.ts";
import { weightOf } from "../programs/blocks.ts";
import { attendWithin } from "../programs/attention.ts";
import type { Mixed, MixtureRun, MixtureSizes } from "../programs/mixture.ts";
import { prefixed } from "../programs/program.ts";

/** Parameters: `dExpert` of the sizes is the width of a head. */
export function attentionExpertTensors(
  { recipe, shape, dExpert }: MixtureSizes,
): Record<string, GateTensor> {
  const { dModel } = shape;
  const { networks } = expertRanges(recipe, shape.experts);
  return {
    query: weightOf(dModel, networks * dExpert),
    key: weightOf(dModel, dExpert),
    value: weightOf(dModel, dExpert),
    out: { shape: [networks * dExpert, dModel], init: { normal: 1 / Math.sqrt(dExpert) } },
    ...prefixed("gate.", gateOf(recipe).parameters(shape)),
  };
}

/**
 * What chosen heads see, [T, D]. All heads are computed, and those that are not chosen count 0.
 *
 * @throws {RangeError} where the gate chooses no experts by index: there is then no head to weigh.
 */
export function attentionExperts<A, I>(
  g: Arrays<A, I>,
  x: A,
  options: MixtureRun<A, I> & {
    sizes: MixtureSizes;
    /** Where keys and values are read; `x` where absent. */
    context?: A;
  },
): Mixed<A, I> {
  const { sizes, w, state, training, context = x } = options;
  const { recipe, shape, dExpert, causal } = sizes;
  const zeros = g.indices(
    `zeros ${shape.tokens}`,
    [shape.tokens, 1],
    () => new Uint32Array(shape.tokens),
  );
  const gated = gateOf(recipe).route({
    ...{ g, w: within(w, "gate."), state, shape, training },
    input: { x, tokens: zeros, before: zeros, tags: zeros, ...options.input },
  });
  const { dispatch } = gated;
  if (dispatch.kind !== "choice") {
    throw new RangeError(`Gave heads "${dispatch.kind}" of tokens, wanted a choice of heads`);
  }
  const heads = expertRanges(recipe, shape.experts).networks;
  const rows = shape.tokens * heads;
  const seen = attendWithin(g, g.product(x, w.query), {
    ...{ key: g.product(context, w.key), value: g.product(context, w.value) },
    ...{ heads, keyHeads: 1, sight: { length: shape.length, causal } },
  });
  const gates = g.reshape(g.put(dispatch.weights, dispatch.ids, heads), [rows, 1]);
  const weighed = g.map("multiply", g.reshape(seen, [rows, dExpert]), gates);
  return {
    y: g.product(g.reshape(weighed, [shape.tokens, heads * dExpert]), w.out),
    ...{ losses: gated.losses, states: gated.state, gated },
  };
}
