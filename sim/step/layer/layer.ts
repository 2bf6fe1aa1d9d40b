/**
 * The operators that one rank runs in a mixture-of-experts layer under expert parallelism, and the
 * bytes that the ranks exchange.
 *
 * Everything but the routed experts is on every rank, as in data parallelism; each routed expert is
 * on one rank (`placement_E`). A rank's part of the work follows from the real token counts.
 *
 * @module
 */
import { UserError } from "../../../kernels/base/errors.ts";
import type { MoeLayerShape } from "../../../core/spec/lower.ts";
import { type AnyOp, type DType, op } from "../../../kernels/base/op.ts";

/** Who routes how much where. */
export interface LayerLoad {
  /** The layer; its experts are gated (SwiGLU). */
  layer: MoeLayerShape;
  /** Choices that the tokens of rank r make of expert e; a dropped choice is not counted. */
  counts_RE: readonly (readonly number[])[];
  /** Tokens of each rank. */
  tokens_R: readonly number[];
  /** Rank of each expert; contiguous blocks unless given. */
  placement_E?: readonly number[];
  /** Storage type of activations and weights. */
  dtype: DType;
}

/** The steps of a rank that compute. */
export type ComputeStep = "gate" | "encode" | "shared experts" | "experts" | "decode";

/**
 * Experts on ranks in contiguous blocks of equal size, the first ranks one more where they do not
 * divide.
 *
 * @example
 * ```ts
 * import { contiguousPlacement } from "@moelab/moelab/sim";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(contiguousPlacement(5, 2), [0, 0, 0, 1, 1]);
 * ```
 */
export function contiguousPlacement(experts: number, ranks: number): number[] {
  const base = Math.floor(experts / ranks);
  const longer = experts % ranks;
  return Array.from({ length: ranks }, (_, rank) => rank).flatMap((rank) =>
    new Array<number>(base + (rank < longer ? 1 : 0)).fill(rank)
  );
}

/** The placement of a load: the given one, or contiguous blocks. */
export function placementOf(load: LayerLoad): readonly number[] {
  return load.placement_E ?? contiguousPlacement(load.layer.experts, load.counts_RE.length);
}

/** Refuses loads that do not fit together. */
export function checkLoad(load: LayerLoad): void {
  const { layer, counts_RE, tokens_R } = load;
  const ranks = counts_RE.length;
  const placement_E = placementOf(load);
  const refuse = (what: string, found: unknown, wanted: string): never => {
    throw new UserError(`Cannot lay out the layer: ${what} is ${found}, wanted ${wanted}`);
  };
  if (tokens_R.length !== ranks) refuse("the length of tokens_R", tokens_R.length, `${ranks}`);
  if (placement_E.length !== layer.experts) {
    refuse("the length of placement_E", placement_E.length, `${layer.experts}, one an expert`);
  }
  placement_E.forEach((rank, e) => {
    if (!(rank in counts_RE)) refuse(`the rank of expert ${e}`, rank, `0 to ${ranks - 1}`);
  });
  counts_RE.forEach((counts_E, r) => {
    if (counts_E.length !== layer.experts) {
      refuse(`the length of counts_RE[${r}]`, counts_E.length, `${layer.experts}, one an expert`);
    }
    const most = tokens_R[r];
    counts_E.forEach((count, e) => {
      if (!Number.isSafeInteger(count) || count < 0 || count > most) {
        refuse(`counts_RE[${r}][${e}]`, count, `a whole number up to its ${most} tokens`);
      }
    });
    const sent = counts_E.reduce((sum, count) => sum + count, 0);
    if (sent > most * layer.topK) {
      refuse(`the sum of counts_RE[${r}]`, sent, `at most ${most} tokens times ${layer.topK}`);
    }
  });
}

/** Rows that each expert of a rank receives, by expert in order. */
export function rowsOfRank(load: LayerLoad, rank: number): number[] {
  const placement_E = placementOf(load);
  return placement_E.flatMap((owner, e) =>
    owner === rank ? [load.counts_RE.reduce((sum, counts_E) => sum + counts_E[e], 0)] : []
  );
}

/** Bytes from rank to rank in the dispatch, `bytesPerRow` for every choice, local ones included. */
export function dispatchBytes(load: LayerLoad, bytesPerRow: number): number[][] {
  const placement_E = placementOf(load);
  return load.counts_RE.map((counts_E) => {
    const bytes_R = new Array<number>(load.counts_RE.length).fill(0);
    counts_E.forEach((count, e) => bytes_R[placement_E[e]] += count * bytesPerRow);
    return bytes_R;
  });
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

/**
 * The operators of a rank by step, in order; steps without work have none.
 *
 * Gate: the product that makes the logits, softmax and top-k. Encode: counts and positions of the
 * choices, then a gather that packs the rows by expert. Experts: the two grouped products over the
 * rows received, uneven as they are. Decode: weigh the K rows of a token and add them.
 */
export function opsOfRank(load: LayerLoad, rank: number): Record<ComputeStep, AnyOp[]> {
  const { dModel: d, dExpert: f, experts: e, topK: k, sharedWidth: wide } = load.layer;
  const { dtype } = load;
  const t = load.tokens_R[rank];
  const sent = sum(load.counts_RE[rank]);
  const rows = rowsOfRank(load, rank);
  const m = sum(rows);
  const groups = rows.length;
  return {
    gate: t === 0 ? [] : [
      op("gemm", { m: t, n: e, k: d }, { dtype, name: "router logits" }),
      op("router", { t, e, k }, { name: "router" }),
    ],
    encode: sent === 0 ? [] : [
      op("group_tokens", { t, e, k }, { dtype: "i32", name: "group tokens" }),
      op("elementwise", { n: sent * d, reads: 1 }, { dtype, name: "pack rows" }),
    ],
    "shared experts": t === 0 || wide === 0 ? [] : [
      op("gemm_swiglu", { m: t, n: wide, k: d }, { dtype, name: "shared up" }),
      op("gemm", { m: t, n: d, k: wide }, { dtype, name: "shared down" }),
    ],
    experts: m === 0 ? [] : [
      op("grouped_gemm_swiglu", { m, n: f, k: d, groups }, { dtype, rows, name: "expert up" }),
      op("grouped_gemm", { m, n: d, k: f, groups }, { dtype, rows, name: "expert down" }),
    ],
    decode: sent === 0 ? [] : [op("combine", { t, k, d }, { dtype, name: "combine" })],
  };
}
