/**
 * Noise on logits in training, so that experts get a chance that are not the best yet.
 *
 * @module
 */
import type { GateRun, GateShape, GateTensor } from "../gate.ts";
import type { Scored } from "../select/run.ts";
import { nameInLayer, numberOf } from "../shorthand.ts";
import type { NoiseSpec } from "./specs.ts";

/** Where noise is put. */
export interface NoiseTarget<A> {
  /** What the logits were made of, [N, D]. */
  x: A;
  /** Logits without noise, [N, C]. */
  logits: A;
  /** Tells several noises of a gate apart; names the parameter `NAME` of learned noise. */
  name: string;
}

/** Parameters of noise on `columns` logits: a matrix from zero where the deviation is learned. */
export function noiseParameters(
  spec: NoiseSpec | undefined,
  { name, columns, shape }: { name: string; columns: number; shape: GateShape },
): Record<string, GateTensor> {
  if (spec?.kind !== "learned") return {};
  return { [name]: { shape: [shape.dModel, columns], init: "zeros" } };
}

/**
 * Logits with noise, where the model is trained.
 *
 * - normal: z + deviation n (V-MoE, arXiv 2106.05974, with 1 / E);
 * - learned: z + softplus(x W) n (Shazeer et al., arXiv 1701.06538, section 2.1);
 * - gumbel: (z + n) / temperature, with n = -log(-log(u)); divided in evaluation too.
 */
export function withNoise<A, I>(
  run: GateRun<A, I>,
  spec: NoiseSpec | undefined,
  { x, logits, name }: NoiseTarget<A>,
): Scored<A> {
  const { g, w, shape, training } = run;
  const draw = (kind: "normal" | "gumbel") =>
    g.noise(nameInLayer(shape, name), kind, g.shapeOf(logits));
  if (spec?.kind === "gumbel") {
    const noisy = training ? g.map("add", logits, draw("gumbel")) : logits;
    return { clean: logits, logits: g.scale(noisy, 1 / spec.temperature) };
  }
  if (!training || spec === undefined || spec.kind === "jitter") return { clean: logits, logits };
  if (spec.kind === "learned") {
    const deviation = g.map("softplus", g.product(x, w[name]));
    const noise = g.map("multiply", deviation, draw("normal"));
    return { clean: logits, logits: g.map("add", logits, noise), deviation };
  }
  const size = spec.deviation === "1/E" ? 1 / shape.experts : spec.deviation;
  const noisy = g.map("add", logits, g.scale(draw("normal"), size));
  return { clean: logits, logits: noisy, deviation: numberOf(g, size) };
}

/** x times uniform numbers in [1 - width, 1 + width] in training: Switch, arXiv 2101.03961. */
export function withJitter<A, I>(run: GateRun<A, I>, spec: NoiseSpec | undefined, x: A): A {
  if (!run.training || spec?.kind !== "jitter") return x;
  const { g, shape } = run;
  const u = g.noise(nameInLayer(shape, "jitter"), "uniform", g.shapeOf(x));
  return g.map("multiply", x, g.shift(g.scale(u, 2 * spec.width), 1 - spec.width));
}
