/**
 * Prices of the products of a pass, each run by itself on weights as they are held.
 *
 * A profile knows products of some hundred rows and columns on f32 weights; those of a large model in
 * 4 bits are far from all that it has seen. So each product is run alone, at its own size: of a bank
 * of experts a few, of a table of tokens a part, the rest by proportion.
 *
 * @module
 */
import { type HeldAs, heldAs, type InferenceStorage } from "../../../core/mod.ts";
import type { AnyOp, Estimate } from "../../../kernels/base/mod.ts";
import {
  gemm,
  gemmSwiglu,
  groupedGemm,
  groupedGemmSwiglu,
  groupTensors,
  groupTokens,
  type KernelChoice,
  type LaunchTime,
  normals,
  type Pool,
  quantise,
  type RecordedPart,
  type Recorder,
  split,
  type Tensor,
  undisturbed,
  uploadQuantised,
  type Weights,
} from "../../../kernels/mod.ts";

/** Experts of a bank that are run, and rows of a table: the rest costs in proportion. */
const most = { experts: 8, tableRows: 8192 } as const;

/** What a product is told apart by. */
interface ProductWords {
  kind: "gemm" | "gemm_swiglu" | "grouped_gemm" | "grouped_gemm_swiglu";
  /** Whether the weights lie by rows of the output, as a table of tokens. */
  table: boolean;
  held: HeldAs;
  /** Rows of each expert that is run; all rows, where there are none. */
  rows: number[];
  n: number;
  k: number;
}

/** A product that is run, and how many times its seconds the operator takes. */
interface ProductPlan {
  words: ProductWords;
  scale: number;
}

/** A weight that is held as those of an operator are. */
const weightName = ({ kind, name }: AnyOp): string => {
  if (name === "logits") return "head";
  if (name === "router logits") return "layers.0.moe.router";
  if (name === "shared gate") return "layers.0.moe.sharedGate";
  return kind === "gemm" ? "layers.0.attention.q" : "layers.0.moe.up";
};

/** Some of the numbers, spread over their order. */
function spread(rows: readonly number[], count: number): number[] {
  const sorted = rows.toSorted((a, b) => b - a);
  if (sorted.length <= count) return sorted;
  return Array.from(
    { length: count },
    (_, i) => sorted[Math.floor((i + 0.5) * sorted.length / count)],
  );
}

/** How an operator is run; undefined where it is no product. */
export function productPlan(
  one: AnyOp,
  options: { storage: InferenceStorage; halves: boolean },
): ProductPlan | undefined {
  const held = heldAs(weightName(one), options);
  switch (one.kind) {
    case "gemm":
    case "gemm_swiglu": {
      const { m, n, k } = one.dims;
      const table = one.name === "logits";
      const run = table ? Math.min(n, most.tableRows) : n;
      return { words: { kind: one.kind, table, held, rows: [m], n: run, k }, scale: n / run };
    }
    case "grouped_gemm":
    case "grouped_gemm_swiglu": {
      const { m, n, k, groups } = one.dims;
      const all = (one.rows ?? new Array<number>(groups).fill(m / groups)).filter((r) => r > 0);
      const rows = spread(all, most.experts).map((r) => Math.max(1, Math.round(r)));
      return {
        words: { kind: one.kind, table: false, held, rows, n, k },
        scale: all.length / rows.length,
      };
    }
    default:
      return undefined;
  }
}

const keyOf = (words: ProductWords) => JSON.stringify(words);

function weightsOf(pool: Pool, { kind, table, held, rows, n, k }: ProductWords): Weights {
  const planes = kind.endsWith("swiglu") ? [2] : [];
  const bank = kind.startsWith("grouped") ? [rows.length] : [];
  const shape = table ? [n, k] : [...bank, ...planes, k, n];
  const size = shape.reduce((a, b) => a * b, 1);
  // One matrix of numbers is as good as many: time does not depend on them.
  const some = normals(split(1, "probe weights"), Math.min(size, 65_521), 1 / Math.sqrt(k));
  const values = new Float32Array(size);
  for (let at = 0; at < size; at += some.length) {
    values.set(some.subarray(0, Math.min(some.length, size - at)), at);
  }
  const label = "probe weights";
  if (held === "f32") return pool.upload(label, shape, values);
  if (held === "f16") return pool.upload(label, shape, Float16Array.from(values));
  return uploadQuantised(pool, quantise(values, { shape, bits: held }), { label });
}

const tensorsOf = (weights: Weights): Tensor[] =>
  "words" in weights ? [weights.words, weights.scales] : [weights];

const LABEL = "probe";

/** Puts a product on the device. */
function prepare(pool: Pool, words: ProductWords, kernels: KernelChoice) {
  const { kind, table, rows, k } = words;
  const all = rows.reduce((a, b) => a + b, 0);
  const x = pool.upload("probe x", [all, k], normals(split(1, "probe x"), all * k));
  const experts = rows.flatMap((count, expert) => new Array<number>(count).fill(expert));
  const ids = pool.upload("probe ids", [all], Uint32Array.from(experts));
  const weights = weightsOf(pool, words);
  const label = LABEL;
  const run = (recorder: Recorder): Tensor => {
    if (kind === "gemm") {
      const variant = table ? kernels.transposed : kernels.gemm;
      return gemm(recorder, x, { b: weights, transposeB: table, label, variant });
    }
    if (kind === "gemm_swiglu") {
      return gemmSwiglu(recorder, x, { b: weights, label, variant: kernels.gemmSwiglu });
    }
    const variant = kernels.grouped;
    const groups = groupTokens(recorder, ids, {
      ...{ experts: rows.length, tileRows: variant.rows, label: "groups" },
    });
    const product = kind === "grouped_gemm" ? groupedGemm : groupedGemmSwiglu;
    const y = product(recorder, x, { w: weights, groups, label, variant });
    pool.release(...groupTensors(groups));
    return y;
  };
  const part: RecordedPart = (recorder) => {
    // What a product reads was made just before.
    x.slot.mirrored = false;
    pool.release(run(recorder));
  };
  return { part, tensors: [x, ids, ...tensorsOf(weights)], seconds: [] as number[] };
}

/** Products that are run among other parts. */
export interface ProductProbes {
  /** One part for each product. */
  parts: RecordedPart[];
  /** Counts a round: the launches of each part. */
  take(times: readonly (readonly LaunchTime[])[]): void;
  /** Seconds of an operator; undefined where it is no product that was run. */
  price(one: AnyOp): Estimate | undefined;
  /** Puts all tensors back. */
  release(): void;
}

/** Puts the products of some operators on the device, each once. */
export function startProbes(
  pool: Pool,
  ops: readonly AnyOp[],
  options: { kernels: KernelChoice; storage: InferenceStorage; halves: boolean },
): ProductProbes {
  const plans = ops.flatMap((one) => productPlan(one, options) ?? []);
  const words = new Map(plans.map((plan) => [keyOf(plan.words), plan.words]));
  const probes = new Map(
    [...words].map(([key, one]) => [key, prepare(pool, one, options.kernels)]),
  );
  const list = [...probes.values()];
  return {
    parts: list.map(({ part }) => part),
    take(times) {
      list.forEach(({ seconds }, i) => {
        const own = times[i].filter(({ label }) => label.startsWith(LABEL));
        seconds.push(own.reduce((s, l) => s + l.endSeconds - l.startSeconds, 0));
      });
    },
    price(one) {
      const plan = productPlan(one, options);
      const probe = plan && probes.get(keyOf(plan.words));
      if (!probe) return undefined;
      const { value, lo, hi, n } = undisturbed(probe.seconds);
      const { scale } = plan;
      return { value: value * scale, lo: lo * scale, hi: hi * scale, n, method: "run alone" };
    },
    release: () => pool.release(...list.flatMap(({ tensors }) => tensors)),
  };
}
