/**
 * Kinds of adapters: their parameters, and what they make of what a place gives. E experts of a kind
 * lie side by side in the columns of their matrices, so that one product computes them all, and
 * weights of 0 leave out those that were not chosen. Where there are many, low-rank experts and
 * bottlenecks compute for those tokens alone that chose them.
 *
 *     lora        y + c (w * (x a)) b^T    a [in, E r], b [out, E r], w [T, E] over the r of each
 *     ia3         y + y * (w l)            l [E, out]
 *     bottleneck  y + (w * relu(x a)) b^T  a [in, E m], b [out, E m]
 *     rank-one    y + (w (x a)) b^T        a [in, n], b [out, m], w [T, n m]: from any a to any b
 *     full        y + x d                  d [in, out]
 *
 * All that ends a kind (b, l, d) begins as zeros, and so the base begins as it was, to the bit. What
 * is trained of (IA)^3 is the difference to a factor of 1 (arXiv 2205.05638, section 3.3).
 *
 * @module
 */
import type { Arrays, Shape } from "../arrays/arrays.ts";
import type { GateTensor } from "../gates/gate.ts";
import { onesOf } from "../gates/shorthand.ts";
import { zeroOnes } from "../programs/blocks.ts";
import { chosenExperts, type ExpertCompute } from "../programs/chosen_experts.ts";
import type { AtSite } from "./forward.ts";
import type { ChosenAdapters } from "./routing.ts";
import type { AdapterSpec } from "./specs.ts";

/** Kinds that stand at one place; a prefix stands before keys and values. */
export type SiteAdapter = Exclude<AdapterSpec, { kind: "prefix" }>;

/** Sizes of adapters at a place. */
export interface AdapterSizes {
  /** Columns that enter. */
  input: number;
  /** Columns that leave. */
  output: number;
  /** Experts. */
  experts: number;
}

/** Adapters of a kind at a place. */
export interface AdapterRun<A, I> {
  /** The language. */
  g: Arrays<A, I>;
  /** Their parameters. */
  w: Readonly<Record<string, A>>;
  /** What entered, and what the base made of it. */
  found: AtSite<A>;
  /** What each expert counts [T, E]; one that counts 1 where absent. */
  weights?: A;
  /** The same by choices, where others count 0. */
  chosen?: ChosenAdapters<A, I>;
  /** Which experts compute for a token; what is faster where absent, see {@linkcode adapterCompute}. */
  compute?: ExpertCompute;
}

/** A kind. */
export interface AdapterKind<S extends SiteAdapter> {
  /** Columns of weights that so many experts have. */
  columns(spec: S, experts: number): number;
  /** Parameters by name. */
  parameters(spec: S, sizes: AdapterSizes): Record<string, GateTensor>;
  /** What goes on: [T, out]. */
  apply<A, I>(run: AdapterRun<A, I>, spec: S): A;
}

type SpecOfKind<K extends SiteAdapter["kind"]> = Extract<SiteAdapter, { kind: K }>;

const lead = (rows: number, columns: number): GateTensor => ({
  shape: [rows, columns],
  init: { normal: 1 / Math.sqrt(rows) },
});
const zeros = (rows: number, columns: number): GateTensor => ({
  shape: [rows, columns],
  init: "zeros",
});

/** Each of h [T, E r] times the weight of its expert, w [T, E]. */
export function weighGroups<A, I>(g: Arrays<A, I>, h: A, weights?: A): A {
  if (weights === undefined) return h;
  const [rows, columns] = g.shapeOf(h);
  const [, experts] = g.shapeOf(weights);
  if (experts === 1 || columns === experts) return g.map("multiply", h, weights);
  const split = g.reshape(h, [rows * experts, columns / experts]);
  const counted = g.map("multiply", split, g.reshape(weights, [rows * experts, 1]));
  return g.reshape(counted, [rows, columns]);
}

const plus = <A, I>({ g, found }: AdapterRun<A, I>, added: A, by = 1): A =>
  g.map("add", found.y, by === 1 ? added : g.scale(added, by));

/** Experts for each choice from which on chosen ones alone are faster on software Vulkan. */
const MANY = 8;

/**
 * Which experts compute for a token: to sort tokens by expert and to gather their rows costs more than
 * a product with all experts, until there are many of them.
 */
export const adapterCompute = ({ experts, topK }: {
  experts: number;
  topK: number;
}): ExpertCompute => experts >= MANY * topK ? "chosen" : "all";

/** (w * hidden(x a)) b^T, of all experts or of chosen ones. */
function through<A, I>(run: AdapterRun<A, I>, hidden: (h: A) => A): A {
  const { g, w, found, weights, chosen } = run;
  if (weights !== undefined && chosen !== undefined) {
    const [, experts] = g.shapeOf(weights);
    if ((run.compute ?? adapterCompute({ experts, topK: chosen.topK })) === "chosen") {
      const { ids, weights } = chosen.read();
      return chosenExperts(g, found.x, {
        ...{ chosen: { ids, experts }, weights, down: g.transpose(w.b) },
        hidden: (into) => hidden(into(w.a)),
      });
    }
  }
  const h = weighGroups(g, hidden(g.product(found.x, w.a)), weights);
  return g.product(h, w.b, { transpose: "b" });
}

/** alpha / rank. */
export const loraScale = ({ rank, alpha }: { rank: number; alpha: number }): number => alpha / rank;

const lora: AdapterKind<SpecOfKind<"lora">> = {
  columns: (_, experts) => experts,
  parameters: ({ rank }, { input, output, experts }) => ({
    a: lead(input, experts * rank),
    b: zeros(output, experts * rank),
  }),
  apply: (run, spec) => plus(run, through(run, (h) => h), loraScale(spec)),
};

const bottleneck: AdapterKind<SpecOfKind<"bottleneck">> = {
  columns: (_, experts) => experts,
  parameters: ({ width }, { input, output, experts }) => ({
    a: lead(input, experts * width),
    b: zeros(output, experts * width),
  }),
  apply: (run) => plus(run, through(run, (h) => run.g.map("relu", h))),
};

const ia3: AdapterKind<SpecOfKind<"ia3">> = {
  columns: (_, experts) => experts,
  parameters: (_, { output, experts }) => ({ l: zeros(experts, output) }),
  apply(run) {
    const { g, w, found, weights } = run;
    const factors = weights === undefined ? w.l : g.product(weights, w.l);
    return plus(run, g.map("multiply", found.y, factors));
  },
};

/** h [T, n] brought from any a to any b by w [T, n m]: sums over i of h_i w_ij, [T, m]. */
function crossed<A, I>(
  g: Arrays<A, I>,
  h: A,
  options: { inward: number; outward: number; weights: A },
): A {
  const { inward: n, outward: m, weights } = options;
  const table = (name: string, shape: Shape, one: (row: number, column: number) => boolean) =>
    zeroOnes(g, `${name}, ${n} by ${m}`, { shape, one });
  const out = table("pairs from", [n, n * m], (i, pair) => Math.floor(pair / m) === i);
  const back = table("pairs to", [n * m, m], (pair, j) => pair % m === j);
  return g.product(g.map("multiply", g.product(h, out), weights), back);
}

const rankOne: AdapterKind<SpecOfKind<"rank-one">> = {
  columns: ({ inward, outward }) => inward * outward,
  parameters: ({ inward, outward }, { input, output }) => ({
    a: lead(input, inward),
    b: zeros(output, outward),
  }),
  apply(run, { inward, outward }) {
    const { g, w, found, weights: given } = run;
    const h = g.product(found.x, w.a);
    const weights = given ?? onesOf(g, [1, inward * outward]);
    const to = crossed(g, h, { inward, outward, weights });
    return plus(run, g.product(to, w.b, { transpose: "b" }));
  },
};

const full: AdapterKind<SpecOfKind<"full">> = {
  columns: () => 1,
  parameters: (_, { input, output }) => ({ d: zeros(input, output) }),
  apply: (run) => plus(run, run.g.product(run.found.x, run.w.d)),
};

const kinds: { readonly [K in SiteAdapter["kind"]]: AdapterKind<SpecOfKind<K>> } = {
  ...{ lora, bottleneck, ia3, full, "rank-one": rankOne },
};

/** The kind of a spec. */
export function adapterKind<S extends SiteAdapter>(spec: S): AdapterKind<S> {
  return kinds[spec.kind] as unknown as AdapterKind<S>;
}

/**
 * Parameters of adapters at a place.
 *
 * @example
 * ```ts
 * import { adapterParameters } from "@moelab/moelab/core";
 * import { assertEquals } from "@std/assert";
 *
 * const spec = { kind: "lora", rank: 2, alpha: 4 } as const;
 * const { a, b } = adapterParameters(spec, { input: 8, output: 6, experts: 3 });
 * assertEquals([a.shape, b.shape], [[8, 6], [6, 6]]);
 * assertEquals(b.init, "zeros");
 * ```
 */
export function adapterParameters(
  spec: SiteAdapter,
  sizes: AdapterSizes,
): Record<string, GateTensor> {
  return adapterKind(spec).parameters(spec, sizes);
}

/**
 * What goes on from a place where adapters stand: [T, out].
 *
 * @example A vector of (IA)^3 that halves what the base gives
 * ```ts
 * import { applyAdapters, hostArrays, hostMatrix } from "@moelab/moelab/core";
 * import { assertEquals } from "@std/assert";
 *
 * const y = hostMatrix([1, 2], [4, 6]);
 * const went = applyAdapters(
 *   { g: hostArrays({ seed: 1 }), w: { l: hostMatrix([1, 2], [-0.5, 0]) }, found: { x: y, y } },
 *   { kind: "ia3" },
 * );
 * assertEquals([...went.data], [2, 6]);
 * ```
 */
export function applyAdapters<A, I>(run: AdapterRun<A, I>, spec: SiteAdapter): A {
  return adapterKind(spec).apply(run, spec);
}

/** What each expert adds of its own, unweighted: E matrices [T, out]. For low-rank experts. */
export function expertOutputs<A, I>(
  { g, w, found }: AdapterRun<A, I>,
  { experts, rank, alpha }: { experts: number; rank: number; alpha: number },
): A[] {
  const h = g.product(found.x, w.a);
  return Array.from({ length: experts }, (_, e) => {
    const own = (a: A) => experts === 1 ? a : g.columns(a, e * rank, (e + 1) * rank);
    return g.scale(g.product(own(h), own(w.b), { transpose: "b" }), loraScale({ rank, alpha }));
  });
}
