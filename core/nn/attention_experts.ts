/**
 * Attention experts (BAM, arXiv 2408.08274, section 3): each has projections of its own, and what they
 * give is weighed by a router.
 *
 *     y = sum over the experts i of g_i(x) Attn_i(x)      g = softmax(x W)
 *
 * Heads of all experts are heads of one call: one wide product makes the queries of all, one call of the
 * attention kernel attends for all, and one product sums over the experts, since a head that was scaled
 * by its expert's weight may be projected with all others. Between the two lies one pass over the heads.
 *
 * Columns of `attention.q`, and rows of `attention.out`, lie head by head; so do keys and values, `G` to
 * an expert (`kvHeads`) and `M` queries to a key (`heads / kvHeads`):
 *
 *     kv "expert"    expert, its G key heads, M query heads each      keys: expert, its G heads
 *     kv "shared"    the G key heads, expert, M query heads each      keys: G heads
 *
 * With shared keys the experts' queries of a key head are neighbours, as the kernel wants them.
 *
 * Routed to all, every expert counts (soft). Routed to the best k, as in MoA (arXiv 2210.05144), the
 * others count 0; they are computed all the same, since other tokens read their keys and values.
 *
 * @module
 */
import {
  type ElementRecipe,
  elements,
  type KernelChoice,
  softmax,
  softmaxBackward,
  type Tensor,
  topIds,
} from "../../kernels/mod.ts";
import type { AttentionSpec, ExpertAttention } from "../spec/model.ts";
import { linear } from "./layers.ts";
import { stored } from "./pointwise.ts";
import type { Tape, Variable } from "./tape.ts";

/** Heads of a layer, those of all experts together. */
export interface HeadCounts {
  /** Query heads. */
  heads: number;
  /** Key and value heads. */
  kvHeads: number;
}

/** Heads of attention whose heads share widths. */
export function headCounts(attention: Exclude<AttentionSpec, { kind: "mla" }>): HeadCounts {
  const { heads } = attention;
  if (attention.kind === "mha") return { heads, kvHeads: heads };
  if (attention.kind === "gqa") return { heads, kvHeads: attention.kvHeads };
  const { experts, kv, kvHeads } = attention;
  return { heads: experts * heads, kvHeads: kv === "expert" ? experts * kvHeads : kvHeads };
}

/** One head among those of all experts. */
export interface ExpertHead {
  /** Whose it is. */
  expert: number;
  /** Which of that expert's query heads. */
  head: number;
}

/** Query heads that lie behind each other and are one expert's. */
const runOf = ({ kv, heads, kvHeads }: ExpertAttention) =>
  kv === "expert" ? heads : heads / kvHeads;

/**
 * The query heads of attention experts in the order of the columns of `attention.q`.
 *
 * @example Two experts of two heads that share one key head of each pair
 * ```ts
 * import { expertHeads, type ExpertAttention } from "@moelab/moelab/core";
 * import { assertEquals } from "@std/assert";
 *
 * const attention = { kind: "experts", experts: 2, heads: 2, kvHeads: 2 } as ExpertAttention;
 * const order = (kv: "expert" | "shared") =>
 *   expertHeads({ ...attention, kv }).map(({ expert, head }) => `${expert}.${head}`);
 * assertEquals(order("expert"), ["0.0", "0.1", "1.0", "1.1"]);
 * assertEquals(order("shared"), ["0.0", "1.0", "0.1", "1.1"]);
 * ```
 */
export function expertHeads(attention: ExpertAttention): ExpertHead[] {
  const { experts, heads } = attention;
  const each = runOf(attention);
  return Array.from({ length: experts * heads }, (_, i) => {
    const [block, member] = [Math.floor(i / each), i % each];
    return { expert: block % experts, head: Math.floor(block / experts) * each + member };
  });
}

/** The entries of each row that ids [rows * k] name; `other` elsewhere. */
const keepRecipe = {
  name: "keep the chosen",
  gives: "f32",
  reads: { x: "f32", ids: "u32" },
  values: { k: "u32", other: "f32" },
  body: `for (var j = 0u; j < p.k; j++) {
    if (ids[row * p.k + j] == column) { return x[row * p.x_pitch + column]; }
  }
  return p.other;`,
} as const satisfies ElementRecipe;

/** Runs of `width` columns times the weight of their expert. */
const weighRecipe = {
  name: "weigh heads",
  gives: "f32",
  reads: { x: "f32", w: "f32" },
  values: { width: "u32" },
  body: `let expert = (column / p.width) % p.w_columns;
  return x[row * p.x_pitch + column] * w[row * p.w_pitch + expert];`,
} as const satisfies ElementRecipe;

/** The gradient of the weights: for each expert the sum of x dy over its runs of columns. */
const sharesRecipe = {
  name: "weigh heads dweights",
  gives: "f32",
  reads: { x: "f32", dy: "f32" },
  values: { width: "u32" },
  body: `var sum = 0.0;
  for (var at = column * p.width; at < p.x_columns; at += p.columns * p.width) {
    for (var c = at; c < at + p.width; c++) {
      sum += x[row * p.x_pitch + c] * dy[row * p.dy_pitch + c];
    }
  }
  return sum;`,
} as const satisfies ElementRecipe;

/** The softmax of each row. */
function rowShares(tape: Tape, x: Variable): Variable {
  const { recorder } = tape;
  const { y, lse } = softmax(recorder, x.value, { label: "attention gate" });
  recorder.pool.release(lse);
  return tape.variable(y, (dy) => {
    tape.addGrad(x, softmaxBackward(recorder, dy, { y, label: "attention gate backward" }));
    recorder.pool.release(dy);
  });
}

/** x[T, N] where ids name it, `other` elsewhere. */
function kept(
  tape: Tape,
  x: Variable,
  options: { ids: Tensor; k: number; other: number },
): Variable {
  const { ids, k, other } = options;
  const { recorder } = tape;
  const [rows, columns] = x.value.shape;
  const keep = (of: Tensor, other: number) =>
    elements(recorder, keepRecipe, {
      ...{ shape: [rows, columns], tensors: { x: of, ids }, values: { k, other } },
    });
  return tape.variable(keep(x.value, other), (dy) => {
    tape.addGrad(x, keep(dy, 0));
    recorder.pool.release(dy);
  });
}

/** So low that no exponential is left of it. */
const LOWEST = -1e30;

/**
 * What each expert counts for each token, f32 [T, N], of x[T, D]: rows sum to 1, or to less where the
 * best are weighed by a softmax over all.
 */
export function expertShares(
  tape: Tape,
  x: Variable,
  options: {
    /** The router [D, N]. */
    router: Variable;
    /** How it is routed. */
    routing: ExpertAttention["routing"];
    /** Kernel variants. */
    kernels: KernelChoice;
  },
): Variable {
  const { router, routing, kernels } = options;
  const label = "attention router";
  const logits = stored(tape, linear(tape, x, { w: router, kernels, label }), "f32");
  if (!routing) return rowShares(tape, logits);
  const { topK: k, over } = routing;
  const ids = topIds(tape.recorder, logits.value, { k });
  tape.keep(ids);
  if (over === "all") return kept(tape, rowShares(tape, logits), { ids, k, other: 0 });
  return rowShares(tape, kept(tape, logits, { ids, k, other: LOWEST }));
}

/** o[T, heads * width] of all experts' heads, each times the share [T, N] of its expert. */
export function weighHeads(
  tape: Tape,
  o: Variable,
  options: { shares: Variable; attention: ExpertAttention },
): Variable {
  const { shares, attention } = options;
  const { recorder } = tape;
  const width = runOf(attention) * attention.headDim;
  const values = { width };
  const x = stored(tape, o, "f32");
  const [rows, columns] = x.value.shape;
  const weigh = (of: Tensor) =>
    elements(recorder, weighRecipe, {
      ...{ shape: [rows, columns], tensors: { x: of, w: shares.value }, values },
    });
  const weighed = tape.variable(weigh(x.value), (dy) => {
    const dshares = elements(recorder, sharesRecipe, {
      ...{ shape: [rows, attention.experts], tensors: { x: x.value, dy }, values },
    });
    tape.addGrad(shares, dshares);
    tape.addGrad(x, weigh(dy));
    recorder.pool.release(dy);
  });
  return stored(tape, weighed, o.value.dtype === "f16" ? "f16" : "f32");
}
