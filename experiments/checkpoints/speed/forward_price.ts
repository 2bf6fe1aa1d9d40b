/**
 * The time of a forward pass from the prices of its operators: products as they were run alone, all
 * else from the profile of the device.
 *
 * @module
 */
import {
  hasHalves,
  inferenceKernels,
  type InferenceStorage,
  lowerModel,
  type Model,
} from "../../../core/mod.ts";
import {
  type AnyOp,
  type Estimate,
  exactly,
  op,
  productKinds,
  sum,
} from "../../../kernels/base/mod.ts";
import {
  createPool,
  type Device,
  type Profile,
  profileOf,
  runParts,
  startProfiling,
} from "../../../kernels/mod.ts";
import { gapOf, priceOp } from "../../../sim/mod.ts";
import { type ProductProbes, startProbes } from "./product_probes.ts";

/** A pass. */
export interface ForwardWords {
  /** Tokens of the pass. */
  tokens: number;
  /** Tokens in the cache before. */
  past: number;
  /** Tokens of each expert by layer; even where absent. */
  layerRows?: readonly (readonly number[] | undefined)[];
}

/**
 * The operators of a pass that gives the logits of its last token. A pass over few tokens that follow
 * many sees all of these: of twice that length, attention counts half.
 */
export function forwardOps(model: Model, { tokens, past, layerRows }: ForwardWords): AnyOp[] {
  const sequence = past === 0 ? tokens : 2 * (past + tokens);
  const { vocab: n } = model.embedding;
  return lowerModel(model, tokens, { sequence, layerRows }).map((one) =>
    one.name === "logits" ? op("gemm", { m: 1, n, k: model.dModel }, { name: "logits" }) : one
  );
}

/** Tokens of each expert in each layer of a pass over one token: one for each that it chose. */
export function oneTokenRows({ layers, moe }: Model): number[][] | undefined {
  if (!moe) return undefined;
  const rows = Array.from({ length: moe.experts }, (_, expert) => expert < moe.topK ? 1 : 0);
  return Array.from({ length: layers }, () => rows);
}

/** What prices of forward passes come from. */
export interface DevicePrices {
  /** All but products, and the gaps between launches. */
  profile: Profile;
  /** Products. */
  products: Pick<ProductProbes, "price">;
}

/** Operators that are being measured. */
export interface Pricing {
  /** One round over all of them; those before the first that counts compile. */
  round(options: { counts: boolean; signal: AbortSignal }): Promise<void>;
  /** What the rounds show; puts all tensors back. */
  prices(): Promise<DevicePrices>;
}

/** Puts all operators of some passes on the device. */
export function startPricing(
  device: Device,
  ops: readonly AnyOp[],
  { storage }: { storage: InferenceStorage },
): Pricing {
  const kernels = inferenceKernels(device).prefill;
  const kinds = [...new Set(ops.map(({ kind }) => kind))]
    .filter((kind) => !productKinds.includes(kind));
  const pool = createPool(device);
  const profiling = startProfiling(pool, { kernels, kinds });
  const products = startProbes(pool, ops, { kernels, storage, halves: hasHalves(device) });
  const lists = [profiling, products];
  const parts = lists.flatMap((list) => list.parts);
  return {
    async round({ counts, signal }) {
      const times = await runParts(pool, parts, { signal });
      let at = 0;
      for (const list of lists) {
        const own = times.slice(at, at += list.parts.length);
        if (counts) list.take(own);
      }
    },
    async prices() {
      for (const list of lists) list.release();
      pool.trim();
      return { profile: await profileOf(pool, { profiling, kernels }), products };
    },
  };
}

/** The price of an operator and of what waits before it. */
export interface OpPrice {
  /** What it is called. */
  name: string;
  /** Seconds. */
  seconds: Estimate;
}

/** How prices were made. */
const METHOD = "operators run alone, added";

/** Each operator with its price. */
export function opPrices(
  ops: readonly AnyOp[],
  { profile, products }: DevicePrices,
): OpPrice[] {
  return ops.map((one) => {
    const price = products.price(one) ?? priceOp(one, profile);
    const gap = exactly(gapOf(one, profile), "profile");
    return { name: one.name ?? one.kind, seconds: sum([price, gap], METHOD) };
  });
}

/** Prices of operators of one name added, the longest first. */
export function byName(prices: readonly OpPrice[]): OpPrice[] {
  const groups = Map.groupBy(prices, ({ name }) => name);
  return [...groups].map(([name, own]) => ({
    name,
    seconds: sum(own.map(({ seconds }) => seconds), METHOD),
  })).sort((a, b) => b.seconds.value - a.seconds.value);
}
