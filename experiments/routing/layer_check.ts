/**
 * What a layer gave on the device, held against the oracles on the CPU.
 *
 * @module
 */
import { moeLayerOracle, type MoeLayerWeights, moeLossGradients } from "../../core/mod.ts";
import { routerOracle, rowTimes } from "../../kernels/mod.ts";
import type { LayerInputs, LayerRun } from "./layer_inputs.ts";

/** What came out of a layer and of its gradient. */
export interface LayerResults {
  /** Output [T, D]. */
  y: Float32Array;
  /** Chosen experts, T * K. */
  ids: Uint32Array;
  /** Their weights. */
  weights: Float32Array;
  /** Gradient of the input [T, D]. */
  dx: Float32Array;
  /** Gradients of the weights. */
  dw: MoeLayerWeights;
}

/** Errors of a layer. */
export interface LayerErrors {
  /** Largest error of an output as a fraction of the largest of its row, over checked tokens. */
  outputError: number;
  /** The same of the input's gradient, or the error of the sums of the weights' gradients. */
  gradientError: number;
  /** Checked tokens whose experts differ from the oracle's although the cut was not a tie. */
  routingMisses: number;
  /** Tokens that were checked. */
  checked: number;
}

/** Tokens that are held against the oracle, spread over the batch; of gradients, the first few. */
const CHECKED = 6;
const CHECKED_GRADIENTS = 2;

const rowsOf = <A extends Float32Array | Uint32Array>(
  all: A,
  { tokens, width }: { tokens: readonly number[]; width: number },
): number[] => tokens.flatMap((t) => [...all.subarray(t * width, (t + 1) * width)]);

/** Largest difference of rows as a fraction of the largest number in each wanted row. */
function rowError(got: readonly number[], wanted: ArrayLike<number>, width: number): number {
  let worst = 0;
  for (let at = 0; at < got.length; at += width) {
    const row = Array.from({ length: width }, (_, j) => wanted[at + j]);
    const scale = Math.max(...row.map(Math.abs));
    row.forEach((v, j) => worst = Math.max(worst, Math.abs(got[at + j] - v) / scale));
  }
  return worst;
}

function inputGradientError(
  { shape }: LayerRun,
  { x, dy, weights }: LayerInputs,
  { got, tokens }: { got: LayerResults; tokens: readonly number[] },
): number {
  const { dModel: width, topK } = shape;
  const of = <A extends Float32Array | Uint32Array>(all: A, columns: number) =>
    rowsOf(all, { tokens, width: columns });
  const f64 = Object.fromEntries(
    Object.entries(weights).map(([name, w]) => [name, Float64Array.from(w)]),
  ) as Record<keyof MoeLayerWeights, Float64Array>;
  const wanted = moeLossGradients({ ...f64, x: Float64Array.from(of(x, width)) }, {
    ...{ shape, ids: of(got.ids, topK), renormalise: true, dy: of(dy, width) },
  });
  return rowError(of(got.dx, width), wanted.x, width);
}

const inner = (a: ArrayLike<number>, b: ArrayLike<number>) => {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
};

/**
 * The output is linear in the weights of the down products, and in those of the up products that no
 * activation follows. So the inner product of each with its gradient is that of output and dy (Euler).
 */
function weightGradientError({ shape }: LayerRun, inputs: LayerInputs, got: LayerResults): number {
  const { dModel: d, dExpert: f, experts, sharedWidth: s } = shape;
  const { dy, weights: w } = inputs;
  const { dw } = got;
  const loss = inner(got.y, dy);
  const scale = Math.sqrt(inner(got.y, got.y) * inner(dy, dy));
  const plane = (name: "up_E2DF" | "sharedUp_2DS", { from, n }: { from: number; n: number }) =>
    inner(dw[name].subarray(from, from + n), w[name].subarray(from, from + n));
  const down = inner(dw.down_EFD, w.down_EFD) + inner(dw.sharedDown_SD, w.sharedDown_SD);
  const up = Array.from({ length: experts }, (_, e) => (2 * e + 1) * d * f)
    .reduce((sum, from) => sum + plane("up_E2DF", { from, n: d * f }), 0) +
    plane("sharedUp_2DS", { from: d * s, n: d * s });
  return Math.max(Math.abs(down - loss), Math.abs(up - loss)) / scale;
}

/** Holds a few tokens of a layer, and its gradients, against the oracles. */
export function checkLayer(run: LayerRun, inputs: LayerInputs, got: LayerResults): LayerErrors {
  const { shape, tokens: all } = run;
  const { dModel: d, experts: e, topK } = shape;
  const step = Math.max(1, Math.floor(all / CHECKED));
  const tokens = Array.from({ length: Math.min(CHECKED, all) }, (_, i) => i * step);
  const routing = { ids: got.ids, weights: got.weights, topK };
  const wanted = moeLayerOracle(inputs.x, { shape, weights: inputs.weights, routing, tokens });
  const routingMisses = tokens.filter((t) => {
    const logits = rowTimes(inputs.x, inputs.weights.router_DE, { row: t, k: d, n: e }).values;
    const oracle = routerOracle(logits, { t: 1, e, k: topK, renormalise: true });
    const chosen = new Set(got.ids.subarray(t * topK, (t + 1) * topK));
    return oracle.gap[0] > 1e-6 && !oracle.ids.every((id) => chosen.has(id));
  }).length;
  return {
    outputError: rowError(rowsOf(got.y, { tokens, width: d }), wanted, d),
    gradientError: Math.max(
      inputGradientError(run, inputs, { got, tokens: tokens.slice(0, CHECKED_GRADIENTS) }),
      weightGradientError(run, inputs, got),
    ),
    routingMisses,
    checked: tokens.length,
  };
}
