/**
 * Weights by name, and the little algebra that a forward pass in plain loops needs.
 *
 * Everything here is f64 on the host and takes one token at a time: slow, and easy to check by eye.
 *
 * @module
 */

/** A weight: its dimensions, outermost first, and its numbers. */
export interface Tensor {
  shape: readonly number[];
  data: Float32Array | Float64Array;
}

/** All weights of a model, by the names of `core/checkpoints/model_tensors.ts`. */
export type Tensors = Readonly<Record<string, Tensor>>;

/** Finds a weight by its name in a layer, or at all; fails where there is none. */
export type Find = (name: string) => Tensor;

/** One vector for each token. */
export type Rows = Float64Array[];

/** Finds weights whose names begin with `prefix`. */
export function finder(tensors: Tensors, prefix = ""): Find {
  return (name) => {
    const found = tensors[prefix + name];
    if (!found) throw new RangeError(`No weight ${prefix}${name} among those given`);
    return found;
  };
}

/** The part of a weight at the first `index` dimensions: an expert, a plane. */
export function part({ shape, data }: Tensor, ...index: number[]): Tensor {
  const rest = shape.slice(index.length);
  const size = rest.reduce((a, b) => a * b, 1);
  const at = index.reduce((sum, i, dim) => sum * shape[dim] + i, 0);
  return { shape: rest, data: data.subarray(at * size, (at + 1) * size) };
}

/** x times a matrix of [inputs, outputs], plus a bias. */
export function times(x: Float64Array, w: Tensor, bias?: Tensor): Float64Array {
  const [inputs, outputs] = w.shape;
  if (w.shape.length !== 2 || inputs !== x.length) {
    throw new RangeError(`Cannot multiply ${x.length} numbers by a matrix of [${w.shape}]`);
  }
  const y = bias ? Float64Array.from(bias.data) : new Float64Array(outputs);
  for (let i = 0; i < inputs; i++) {
    for (let j = 0; j < outputs; j++) y[j] += x[i] * w.data[i * outputs + j];
  }
  return y;
}

/** Sum of products of two vectors. */
export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

/** Sum of two vectors. */
export function plus(a: Float64Array, b: Float64Array): Float64Array {
  return a.map((value, i) => value + b[i]);
}

/** x over the root of its mean square, times a weight a channel. */
export function rmsNorm(x: Float64Array, weight: Tensor, eps: number): Float64Array {
  if (weight.data.length !== x.length) {
    throw new RangeError(`Cannot norm ${x.length} numbers by ${weight.data.length} weights`);
  }
  const root = Math.sqrt(dot(x, x) / x.length + eps);
  return x.map((value, i) => value / root * weight.data[i]);
}

/** 1 / (1 + exp(-x)). */
export function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

/** Exponentials over their sum. */
export function softmax(x: ArrayLike<number>): number[] {
  const values = Array.from(x);
  const most = Math.max(...values);
  const raised = values.map((value) => Math.exp(value - most));
  const sum = raised.reduce((a, b) => a + b, 0);
  return raised.map((value) => value / sum);
}
