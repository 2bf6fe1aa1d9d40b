/**
 * From tokens to logits: what is scored, the score function, and what is done to its logits.
 *
 * Where one decision holds for a whole set of tokens (a sequence, all tokens of a tag) the set is
 * scored as one row, noise included, and its logits are then given to each of its tokens.
 *
 * @module
 */
import type { GateRun, GateShape, GateTensor } from "../gate.ts";
import type { Scored } from "../select/run.ts";
import { noiseParameters, withJitter, withNoise } from "./noise.ts";
import { scorerOf } from "./table.ts";
import type { ScoreSpec } from "./specs.ts";

/** Bits of a tag that attributes are made of: Uni-Perceiver-MoE, arXiv 2206.04674. */
const ATTRIBUTES = 8;

/** Keeps a deviation of equal logits above 0. */
const TINY = 1e-6;

/** Parameters of a score. */
export function scoreParameters(spec: ScoreSpec, shape: GateShape): Record<string, GateTensor> {
  const { dModel, experts, tags, layer } = shape;
  const columns = spec.kind === "product-key" ? spec.heads * experts : experts;
  const source: Record<string, GateTensor> = spec.of === "tag"
    ? { tags: { shape: [tags, dModel], init: { normal: 1 } } }
    : spec.of === "attributes"
    ? { attributes: { shape: [ATTRIBUTES, dModel], init: { normal: 1 } } }
    : {};
  const residual: Record<string, GateTensor> = spec.residual && layer > 0
    ? { residual: { shape: [experts, experts], init: "zeros" } }
    : {};
  return {
    ...source,
    ...scorerOf(spec)?.parameters(spec, shape),
    ...noiseParameters(spec.noise, { name: "noise", columns, shape }),
    ...residual,
  };
}

/** Logits of a batch; undefined where nothing is scored. */
export function scoreTokens<A, I>(run: GateRun<A, I>, spec: ScoreSpec): Scored<A> | undefined {
  const scorer = scorerOf(spec);
  if (scorer === undefined) return undefined;
  const { g, w, input } = run;
  const x = withJitter(run, spec.noise, scoredRows(run, spec.of));
  let logits = scorer.logits({ ...run, spec, x });
  if (spec.normalise) logits = normalised(run, logits, spec.normalise.lambda);
  if (spec.residual && input.logitsBefore !== undefined && w.residual !== undefined) {
    logits = g.map("add", logits, g.product(input.logitsBefore, w.residual));
  }
  const scored = withNoise(run, spec.noise, { x, logits, name: "noise" });
  return toTokens(run, spec.of, scored);
}

/** Logits without noise as they were before a temperature divided them: X-MoE's cosines. */
export function similaritiesOf<A, I>(
  { g, w }: GateRun<A, I>,
  spec: ScoreSpec,
  { clean }: Scored<A>,
): A {
  if (spec.kind !== "cosine") return clean;
  return spec.learned
    ? g.map("multiply", clean, g.map("exp", w.temperature))
    : g.scale(clean, spec.temperature);
}

/** The rows that are scored: tokens, sequences, or tags. */
function scoredRows<A, I>({ g, w, input, shape }: GateRun<A, I>, of: ScoreSpec["of"]): A {
  if (of === "sequence") return g.segmentMeans(input.x, shape.length);
  if (of === "tag") return w.tags;
  if (of !== "attributes") return input.x;
  const bits = g.constant(
    `bits of ${shape.tags} tags`,
    [shape.tags, ATTRIBUTES],
    () =>
      Float64Array.from(
        { length: shape.tags * ATTRIBUTES },
        (_, i) => (Math.floor(i / ATTRIBUTES) >> (i % ATTRIBUTES)) & 1,
      ),
  );
  return g.product(bits, w.attributes);
}

/** What was said of a set, said of each of its tokens. */
function toTokens<A, I>(run: GateRun<A, I>, of: ScoreSpec["of"], scored: Scored<A>): Scored<A> {
  if (of === undefined || of === "token") return scored;
  const { g, input, shape } = run;
  const spread = (a: A) =>
    of === "sequence" ? g.repeatRows(a, shape.length) : g.lookUp(a, input.tags);
  const logits = spread(scored.logits);
  const clean = scored.clean === scored.logits ? logits : spread(scored.clean);
  const { deviation } = scored;
  if (deviation === undefined) return { logits, clean };
  return {
    logits,
    clean,
    deviation: g.shapeOf(deviation)[0] === 1 ? deviation : spread(deviation),
  };
}

/** lambda (z - mean) / deviation of each row: Skywork-MoE, arXiv 2406.06563. */
function normalised<A, I>({ g }: GateRun<A, I>, logits: A, lambda: number): A {
  const columns = g.shapeOf(logits)[1];
  const centred = g.map("subtract", logits, g.scale(g.sumRows(logits), 1 / columns));
  const variance = g.scale(g.sumRows(g.map("square", centred)), 1 / columns);
  const deviation = g.map("root", g.shift(variance, TINY));
  return g.scale(g.map("divide", centred, deviation), lambda);
}
