/**
 * The base in the language, with an ear at each place where an adapter can stand: what a hook gives
 * goes on in place of what the base gave.
 *
 * The numbers are those of the transformer of `core/nn`, which trains the base on fused kernels.
 *
 * @module
 */
import type { Arrays } from "../arrays/arrays.ts";
import type { PlainAttention } from "../nn/model_check.ts";
import { sightMask } from "../programs/blocks.ts";
import type { Model } from "../spec/model.ts";
import { BASE, baseSizes, kvHeadsOf } from "./base.ts";
import { baseNorm } from "./base_norm.ts";
import { turnHeads } from "./rotary.ts";
import type { AdapterSite, ProductSite } from "./specs.ts";

/** Parts of a layer that begin with a normalised input of their own. */
export type BaseBranch = "attention" | "network";

/** Places within a branch. */
export type InnerSite = Exclude<AdapterSite, "prefix" | "layer">;

/** What entered a place, and what the base made of it. */
export interface AtSite<A> {
  /** [T, in]. */
  x: A;
  /** [T, out]. */
  y: A;
}

/** Keys and values before every sequence. */
export interface Prefix<A> {
  /** Keys [P, columns of keys]. */
  keys: A;
  /** Values of the same shape. */
  values: A;
  /** What each counts for each token, [T, P]; 1 where absent. */
  weights?: A;
}

/** Networks that are the base's with other products. */
export interface WholeNetworks<A> {
  /** What the output of each counts, [T, E]; rows add up to one. */
  weights: A;
  /** What network e adds to a product of x, undefined where it adds nothing there. */
  delta(site: ProductSite, options: { expert: number; x: A }): A | undefined;
}

/** What listens; see the module. */
export interface BaseHooks<A> {
  /** A branch begins with a normalised input. */
  enter?(layer: number, branch: BaseBranch, x: A): void;
  /** What goes on from a place. */
  at?(layer: number, site: InnerSite, found: AtSite<A>): A;
  /** What is added to the output of a layer that x [T, D] enters. */
  beside?(layer: number, x: A): A | undefined;
  /** What attention sees before every sequence. */
  prefix?(layer: number): Prefix<A>[];
  /** The networks of a layer, where there are several. */
  networks?(layer: number): WholeNetworks<A> | undefined;
}

/** Where a base runs. */
export interface BaseRun<A, I> {
  /** Its description. */
  model: Model;
  /** All parameters of the program. */
  w: Readonly<Record<string, A>>;
  /** Token ids [T, 1]. */
  tokens: I;
  /** Tokens of a sequence. */
  length: number;
  /** What listens. */
  hooks?: BaseHooks<A>;
}

interface LayerRun<A> {
  model: Model;
  length: number;
  layer: number;
  /** A weight of the layer. */
  weight(name: string): A;
  /** What goes on from a place. */
  at(site: InnerSite, found: AtSite<A>): A;
  hooks: BaseHooks<A>;
}

/** The numbers of an activation. */
function activated<A, I>(g: Arrays<A, I>, { gate, up }: { gate?: A; up: A }): A {
  if (gate !== undefined) return g.map("multiply", g.map("silu", gate), up);
  return g.map("relu", up);
}

/** softmax of scores over the sequence, and over what is before it, times the values of both. */
function attend<A, I>(
  g: Arrays<A, I>,
  { q, k, v }: Record<"q" | "k" | "v", A>,
  options: { attention: PlainAttention; mask: A; prefixes: readonly Prefix<A>[] },
): A {
  const { attention, mask, prefixes } = options;
  const { heads, headDim: width } = attention;
  const shared = heads / kvHeadsOf(attention);
  const head = (a: A, h: number) =>
    g.shapeOf(a)[1] === width ? a : g.columns(a, h * width, (h + 1) * width);
  const seen = Array.from({ length: heads }, (_, h) => {
    const own = Math.floor(h / shared);
    const query = g.scale(head(q, h), 1 / Math.sqrt(width));
    const scores = g.map("add", g.product(query, head(k, own), { transpose: "b" }), mask);
    if (prefixes.length === 0) return g.product(g.softmax(scores), head(v, own));
    const before = prefixes.map(({ keys, weights }) => {
      const found = g.product(query, head(keys, own), { transpose: "b" });
      return weights === undefined ? found : g.map("multiply", found, weights);
    });
    const shares = g.softmax(g.beside(...before, scores));
    const [, all] = g.shapeOf(shares);
    const [, tokens] = g.shapeOf(scores);
    let at = 0;
    const from = prefixes.map(({ values, weights }) => {
      const [count] = g.shapeOf(values);
      const part = g.columns(shares, at, at += count);
      const counted = weights === undefined ? part : g.map("multiply", part, weights);
      return g.product(counted, head(values, own));
    });
    const within = g.product(g.columns(shares, all - tokens, all), head(v, own));
    return [...from, within].reduce((a, b) => g.map("add", a, b));
  });
  return heads === 1 ? seen[0] : g.beside(...seen);
}

function attentionOf<A, I>(g: Arrays<A, I>, a: A, run: LayerRun<A>): A {
  const { model, length, layer, weight, at, hooks } = run;
  const attention = model.attention as PlainAttention;
  const turned = (x: A) =>
    model.embedding.positions.kind === "rope"
      ? turnHeads(g, x, { width: attention.headDim, length })
      : x;
  const made = (site: ProductSite, x: A) => at(site, { x, y: g.product(x, weight(site)) });
  const qkv = { q: turned(made("q", a)), k: turned(made("k", a)), v: made("v", a) };
  const mask = sightMask(g, g.shapeOf(a)[0], { length, causal: true });
  const prefixes = hooks.prefix?.(layer) ?? [];
  return made("out", attend(g, qkv, { attention, mask, prefixes }));
}

/**
 * Several networks: base products are shared, and what differs is added to each. Hidden numbers are
 * those of the base and the weighted differences to them: what networks without adapters give is then
 * the base's to the bit, and else the weighted sum of their outputs, for weights that add up to one.
 */
function networksOf<A, I>(
  g: Arrays<A, I>,
  x: A,
  { run, networks }: { run: LayerRun<A>; networks: WholeNetworks<A> },
): A {
  const { model, weight } = run;
  const { weights, delta } = networks;
  const own = (site: ProductSite, options: { expert: number; y: A }) => {
    const added = delta(site, { expert: options.expert, x });
    return added === undefined ? options.y : g.map("add", options.y, added);
  };
  const base = {
    up: g.product(x, weight("up")),
    ...baseSizes(model).gated && { gate: g.product(x, weight("gate")) },
  };
  const same = activated(g, base);
  const hidden = Array.from({ length: g.shapeOf(weights)[1] }, (_, expert) => {
    const up = own("up", { expert, y: base.up });
    const gate = base.gate && own("gate", { expert, y: base.gate });
    const h = activated(g, { gate, up });
    const weighed = (a: A) => g.map("multiply", a, g.columns(weights, expert, expert + 1));
    return { off: weighed(g.map("subtract", h, same)), whole: weighed(h) };
  });
  const all = hidden.reduce((sum, { off }) => g.map("add", sum, off), same);
  // A product is linear: what it adds to a weighted input is weighted itself.
  const added = hidden.flatMap(({ whole }, expert) => delta("down", { expert, x: whole }) ?? []);
  return [g.product(all, weight("down")), ...added].reduce((a, b) => g.map("add", a, b));
}

function networkOf<A, I>(g: Arrays<A, I>, x: A, run: LayerRun<A>): A {
  const { model, layer, weight, at, hooks } = run;
  const networks = hooks.networks?.(layer);
  const dense = () => {
    const made = (site: ProductSite, x: A) => at(site, { x, y: g.product(x, weight(site)) });
    const gate = baseSizes(model).gated ? made("gate", x) : undefined;
    const h = activated(g, { gate, up: made("up", x) });
    return made("down", at("hidden", { x: h, y: h }));
  };
  const y = at("ffn", { x, y: networks ? networksOf(g, x, { run, networks }) : dense() });
  return at("after", { x: y, y });
}

/**
 * Logits [T, V] of a base with what listens to it.
 *
 * @example A hook that doubles the queries of the first layer
 * ```ts
 * import { baseLogits, hostArrays, modelPreset, type BaseHooks } from "@moelab/moelab/core";
 * import { hostValues, baseTensors, hostIndices, type HostMatrix } from "@moelab/moelab/core";
 * import { assertEquals } from "@std/assert";
 *
 * const tiny = modelPreset("tiny");
 * const ffn = { width: 16, activation: "swiglu", bias: false } as const;
 * const model = { ...tiny, layers: 1, moe: undefined, ffn };
 * const program = { parameters: baseTensors(model), loss: () => { throw new Error("unused") } };
 * const { w } = hostValues(program, { seed: 1 });
 * const g = hostArrays({ seed: 1 });
 * const seen: string[] = [];
 * const hooks: BaseHooks<HostMatrix> = {
 *   at: (_, site, { y }) => {
 *     seen.push(site);
 *     return site === "q" ? g.scale(y, 2) : y;
 *   },
 * };
 * const tokens = hostIndices([4, 1], [7, 8, 9, 7]);
 * assertEquals(baseLogits(g, { model, w, tokens, length: 4, hooks }).shape, [4, 256]);
 * assertEquals(seen.slice(0, 4), ["q", "k", "v", "out"]);
 * ```
 */
export function baseLogits<A, I>(g: Arrays<A, I>, run: BaseRun<A, I>): A {
  const { model, w, tokens, length, hooks = {} } = run;
  let x = g.lookUp(w[`${BASE}embedding`], tokens);
  for (let layer = 0; layer < model.layers; layer++) {
    const weight = (name: string) => w[`${BASE}layers.${layer}.${name}`];
    const at: LayerRun<A>["at"] = (site, found) => hooks.at?.(layer, site, found) ?? found.y;
    const of: LayerRun<A> = { model, length, layer, weight, at, hooks };
    const beside = hooks.beside?.(layer, x);
    const normed = (branch: BaseBranch, a: A, gain: A) => {
      const rows = baseNorm(g, a, gain);
      hooks.enter?.(layer, branch, rows);
      return rows;
    };
    const a = normed("attention", x, weight("attention.norm"));
    const m = g.map("add", x, attentionOf(g, a, of));
    const b = normed("network", m, weight("ffn.norm"));
    const y = g.map("add", m, networkOf(g, b, of));
    x = beside === undefined ? y : g.map("add", y, beside);
  }
  const head = w[`${BASE}${model.embedding.tied ? "embedding" : "head"}`];
  return g.product(baseNorm(g, x, w[`${BASE}norm`]), head, { transpose: "b" });
}
