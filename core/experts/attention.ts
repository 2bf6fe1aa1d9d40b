/**
 * Attention as experts.
 *
 *     shared keys   y = sum_i w_i softmax(x Q_i K^T) V O_i      MoA, arXiv 2210.05144, section 3
 *     own keys      y = sum_i w_i softmax(x Q_i K_i^T) V_i O_i  BAM, arXiv 2408.08274; MoH, 2410.11842
 *
 * With shared keys all queries of all experts are rows of one product: K and V are computed once. Tokens
 * see those before them in their sequence and themselves.
 *
 * In MoH some heads are always on. Its weights come in two levels: one gate shares what there is between
 * the heads that are always on and the others, and one more weighs the former.
 *
 * @module
 */
import type { Arrays } from "../arrays/arrays.ts";
import { LOWEST, type SpecOf } from "../gates/shorthand.ts";
import { weighParts } from "./blocks.ts";
import { type ExpertRun, matrix, type RoutedKind, weightsOf } from "./kind.ts";
import type { RoutedSpec } from "./specs.ts";

type AttentionSpec = SpecOf<RoutedSpec, "attention">;

/** 0 where a query, `perToken` a token, sees a key; far below 0 elsewhere: [T perToken, T]. */
function causalMask<A, I>(
  g: Arrays<A, I>,
  { tokens, length, perToken }: { tokens: number; length: number; perToken: number },
): A {
  const name = `causal mask of ${length}, ${perToken} queries a token`;
  return g.constant(
    name,
    [tokens * perToken, tokens],
    () =>
      Float64Array.from({ length: tokens * perToken * tokens }, (_, i) => {
        const query = Math.floor(Math.floor(i / tokens) / perToken);
        const key = i % tokens;
        const seen = key <= query && Math.floor(key / length) === Math.floor(query / length);
        return seen ? 0 : LOWEST;
      }),
  );
}

/**
 * Causal attention of one head's keys and values [T, F] within sequences of `length` tokens; of
 * queries there are any number a token, the rows of a token behind each other: [T perToken, F].
 */
export function attendCausally<A, I>(
  g: Arrays<A, I>,
  { q, k, v }: { q: A; k: A; v: A },
  { length }: { length: number },
): A {
  const [rows, width] = g.shapeOf(q);
  const [tokens] = g.shapeOf(k);
  const scores = g.scale(g.product(q, k, { transpose: "b" }), 1 / Math.sqrt(width));
  const mask = causalMask(g, { tokens, length, perToken: rows / tokens });
  return g.product(g.softmax(g.map("add", scores, mask)), v);
}

/** What all queries of all experts get of shared keys and values, [T, E F]. */
function sharedHeads<A, I>({ g, w, routed, shape }: ExpertRun<A, I>): A {
  const { tokens, experts, width, length } = shape;
  const q = g.reshape(g.product(routed, w.query), [tokens * experts, width]);
  const [k, v] = [g.product(routed, w.key), g.product(routed, w.value)];
  return g.reshape(attendCausally(g, { q, k, v }, { length }), [tokens, experts * width]);
}

/** What heads with keys and values of their own get, [T, heads F]. */
function ownHeads<A, I>({ g, w, routed, shape }: ExpertRun<A, I>, heads: number): A {
  const { width, length } = shape;
  const [q, k, v] = ["query", "key", "value"].map((name) => g.product(routed, w[name]));
  const head = (i: number) => {
    const own = (a: A) => heads === 1 ? a : g.columns(a, i * width, (i + 1) * width);
    return attendCausally(g, { q: own(q), k: own(k), v: own(v) }, { length });
  };
  const all = Array.from({ length: heads }, (_, i) => head(i));
  return heads === 1 ? all[0] : g.beside(...all);
}

/** Weights of all heads, [T, always + E]: those that are always on first. */
function headWeights<A, I>(run: ExpertRun<A, I>, { always = 0, levels }: AttentionSpec): A {
  const { g, w, routed, shape: { tokens } } = run;
  const chosen = weightsOf(run);
  if (always === 0) return chosen;
  if (!levels) {
    const ones = g.constant(
      `ones ${tokens}x${always}`,
      [tokens, always],
      () => new Float64Array(tokens * always).fill(1),
    );
    return g.beside(ones, chosen);
  }
  const level = g.softmax(g.product(routed, w.levels));
  const first = g.softmax(g.product(routed, w.always));
  return g.beside(
    g.map("multiply", first, g.columns(level, 0, 1)),
    g.map("multiply", chosen, g.columns(level, 1, 2)),
  );
}

/** Attention experts; `width` of the shape is that of a head. */
export const attentionExperts: RoutedKind<AttentionSpec> = {
  parameters({ keys, always = 0, levels }, { dModel, experts, width }) {
    const heads = always + experts;
    const keyWidth = keys === "own" ? heads * width : width;
    return {
      query: matrix(dModel, heads * width),
      key: matrix(dModel, keyWidth),
      value: matrix(dModel, keyWidth),
      out: matrix(heads * width, dModel),
      ...levels && always > 0 && { levels: matrix(dModel, 2), always: matrix(dModel, always) },
    };
  },
  apply(run, spec) {
    const { g, w, shape } = run;
    const { experts } = shape;
    const heads = (spec.always ?? 0) + experts;
    const whole = { ...run, shape: { ...shape, experts: heads } };
    const seen = spec.keys === "shared" ? sharedHeads(whole) : ownHeads(run, heads);
    return g.product(weighParts(g, seen, headWeights(run, spec)), w.out);
  },
  flops({ keys, always = 0, levels }, { dModel, width, length }, chosen) {
    const heads = always + chosen;
    const keyed = keys === "own" ? heads : 1;
    // Queries and outputs, keys and values, and the causal half of the core.
    return 4 * dModel * width * (heads + keyed) + 2 * length * width * heads +
      (levels ? 2 * dModel * (2 + always) : 0);
  },
};
