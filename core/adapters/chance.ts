/**
 * Adapters of which chance takes one for the whole batch: what leads in from one expert, what leads
 * out from another, so that each learns to go with each. In use their parameters are averaged: the
 * cost is that of one adapter (AdaMix, arXiv 2205.12410; survey, section 4.3.1).
 *
 * Experts are rows: a [E, in m], b [E, out m].
 *
 * @module
 */
import type { Arrays } from "../arrays/arrays.ts";
import type { GateTensor } from "../gates/gate.ts";
import { marks, onesOf } from "../gates/shorthand.ts";
import { type AdapterRun, type AdapterSizes, applyAdapters } from "./kinds.ts";
import type { AdapterSpec } from "./specs.ts";

/** Adapters of two matrices. */
export type PairAdapter = Extract<AdapterSpec, { kind: "lora" | "bottleneck" }>;

const innerOf = (spec: PairAdapter) => spec.kind === "lora" ? spec.rank : spec.width;

/** Parameters of experts that chance takes. */
export function chanceParameters(
  spec: PairAdapter,
  { input, output, experts }: AdapterSizes,
): Record<string, GateTensor> {
  const inner = innerOf(spec);
  return {
    a: { shape: [experts, input * inner], init: { normal: 1 / Math.sqrt(input) } },
    b: { shape: [experts, output * inner], init: "zeros" },
  };
}

/** The parameters of one expert for all tokens: [rows, inner]. */
function taken<A, I>(
  g: Arrays<A, I>,
  bank: A,
  options: { name: string; inner: number; training: boolean },
): A {
  const { name, inner, training } = options;
  const [experts, size] = g.shapeOf(bank);
  const who = training
    ? marks(g, g.randomIds(name, [1, 1], experts), experts)
    : g.scale(onesOf(g, [1, experts]), 1 / experts);
  return g.reshape(g.product(who, bank), [size / inner, inner]);
}

/** What goes on: one expert of each half in training, their mean in use. `name` names the chance. */
export function applyByChance<A, I>(
  run: Omit<AdapterRun<A, I>, "weights">,
  options: { spec: PairAdapter; name: string; training: boolean },
): A {
  const { g, w } = run;
  const { spec, name, training } = options;
  const inner = innerOf(spec);
  const one = (half: string) => taken(g, w[half], { name: `${name} ${half}`, inner, training });
  return applyAdapters({ ...run, w: { a: one("a"), b: one("b") } }, spec);
}
