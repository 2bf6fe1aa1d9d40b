/**
 * Seeded inputs of layers: tokens, weights, and the gradient that comes back.
 *
 * @module
 */
import type { MoeLayerShape, MoeLayerWeights } from "../../core/mod.ts";
import { normals, split, type Stream } from "../../kernels/mod.ts";

/** What to run. */
export interface LayerRun {
  tokens: number;
  shape: MoeLayerShape;
  /** Exponent of the skew. */
  skew: number;
  seed: number;
  /** Name of its random streams. */
  name: string;
}

/** Inputs of a run: the skew is a router bias, fed through a column of ones in x. */
export interface LayerInputs {
  x: Float32Array;
  /** Gradient of the output. */
  dy: Float32Array;
  weights: MoeLayerWeights;
}

/** Normal numbers that are drawn; a prime, so that no row of a matrix repeats another. */
const DRAWN = 65537;

/** `n` numbers that repeat a run of normal ones: drawing millions takes longer than a layer does. */
function repeating(stream: Stream, n: number, scale: number): Float32Array<ArrayBuffer> {
  const drawn = normals(stream, Math.min(n, DRAWN), scale);
  const all = new Float32Array(n);
  for (let i = 0; i < n; i += DRAWN) all.set(drawn.subarray(0, n - i), i);
  return all;
}

/** Seeded inputs of a layer, weights scaled so that activations keep their size. */
export function layerInputs(run: LayerRun): LayerInputs {
  const { shape, tokens, skew, seed, name } = run;
  const { dModel: d, dExpert: f, experts: e, sharedWidth: s } = shape;
  const fill = (of: string, n: number, fanIn: number) =>
    repeating(split(seed, `${name}/${of}`), n, 1 / Math.sqrt(Math.max(1, fanIn)));
  const weights = {
    router_DE: fill("router", d * e, d),
    up_E2DF: fill("up", 2 * e * d * f, d),
    down_EFD: fill("down", e * f * d, f),
    sharedUp_2DS: fill("shared up", 2 * d * s, d),
    sharedDown_SD: fill("shared down", s * d, s),
  };
  const [x, dy] = ["x", "dy"].map((of) => normals(split(seed, `${name}/${of}`), tokens * d));
  for (let t = 0; t < tokens; t++) x[t * d] = 1;
  for (let i = 0; i < e; i++) weights.router_DE[i] = -skew * Math.log(i + 1);
  return { x, dy, weights };
}

/** Counts of each expert. */
export function countExperts(ids: ArrayLike<number>, experts: number): number[] {
  const rows = new Array<number>(experts).fill(0);
  for (let i = 0; i < ids.length; i++) rows[ids[i]]++;
  return rows;
}
