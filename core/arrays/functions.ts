/**
 * Pointwise functions of gates and losses, with their derivatives: once in WGSL, once in TypeScript.
 *
 * @module
 */

/** A function of one to three numbers. */
export interface PointwiseFunction {
  /** How many operands it has. */
  arity: 1 | 2 | 3;
  /** WGSL of the value of operands `a`, `b`, `c` (f32). */
  wgsl: string;
  /** WGSL of the derivative by each operand; `y` is the value. "0.0" where there is none. */
  slopes: readonly string[];
  /** The value, in 64-bit floats. */
  value(a: number, b: number, c: number): number;
}

const unary = (wgsl: string, slope: string, value: (a: number) => number): PointwiseFunction => ({
  ...{ arity: 1, wgsl, slopes: [slope], value },
});
const binary = (
  wgsl: string,
  slopes: readonly [string, string],
  value: (a: number, b: number) => number,
): PointwiseFunction => ({ arity: 2, wgsl, slopes, value });

const sigmoid = (a: number) => 1 / (1 + Math.exp(-a));

const normalDensity = (a: number) => Math.exp(-0.5 * a * a) / Math.sqrt(2 * Math.PI);

/** The normal distribution function by its series; 0 or 1 beyond 8 deviations. */
function normalCdf(a: number): number {
  if (Math.abs(a) > 8) return a > 0 ? 1 : 0;
  let term = a;
  let sum = a;
  for (let n = 3; Math.abs(term) > 1e-17; n += 2) sum += term *= a * a / n;
  return 0.5 + normalDensity(a) * sum;
}

/** Its complement for |a|, within 7.5e-8 (Abramowitz and Stegun, 26.2.17). */
const t = "(1.0 / (1.0 + 0.2316419 * abs(a)))";
const tail = [1.330274429, -1.821255978, 1.781477937, -0.356563782, 0.319381530]
  .reduce((sum, factor) => `${t} * (${factor} + ${sum})`, "0.0");
const normalTail = `0.3989422804 * exp(-0.5 * a * a) * (${tail})`;

/** The functions by name. */
export const pointwise = {
  add: binary("a + b", ["1.0", "1.0"], (a, b) => a + b),
  subtract: binary("a - b", ["1.0", "-1.0"], (a, b) => a - b),
  multiply: binary("a * b", ["b", "a"], (a, b) => a * b),
  divide: binary("a / b", ["1.0 / b", "-y / b"], (a, b) => a / b),
  /** The larger; the gradient of equal ones goes to the first. */
  larger: binary(
    "max(a, b)",
    ["select(0.0, 1.0, a >= b)", "select(1.0, 0.0, a >= b)"],
    (a, b) => Math.max(a, b),
  ),
  smaller: binary(
    "min(a, b)",
    ["select(0.0, 1.0, a <= b)", "select(1.0, 0.0, a <= b)"],
    (a, b) => Math.min(a, b),
  ),
  /** b where a is above 0, else c. */
  select: {
    arity: 3,
    wgsl: "select(c, b, a > 0.0)",
    slopes: ["0.0", "select(0.0, 1.0, a > 0.0)", "select(1.0, 0.0, a > 0.0)"],
    value: (a, b, c) => a > 0 ? b : c,
  },
  negate: unary("-a", "-1.0", (a) => -a),
  exp: unary("exp(a)", "y", Math.exp),
  log: unary("log(a)", "1.0 / a", Math.log),
  square: unary("a * a", "2.0 * a", (a) => a * a),
  root: unary("sqrt(a)", "0.5 / y", Math.sqrt),
  absolute: unary("abs(a)", "sign(a)", Math.abs),
  sigmoid: unary("1.0 / (1.0 + exp(-a))", "y * (1.0 - y)", sigmoid),
  tanh: unary("tanh(a)", "1.0 - y * y", Math.tanh),
  relu: unary("max(a, 0.0)", "select(0.0, 1.0, a > 0.0)", (a) => Math.max(a, 0)),
  softplus: unary(
    "max(a, 0.0) + log(1.0 + exp(-abs(a)))",
    "1.0 / (1.0 + exp(-a))",
    (a) => Math.max(a, 0) + Math.log1p(Math.exp(-Math.abs(a))),
  ),
  silu: unary(
    "a / (1.0 + exp(-a))",
    "(1.0 + a * (1.0 - 1.0 / (1.0 + exp(-a)))) / (1.0 + exp(-a))",
    (a) => a * sigmoid(a),
  ),
  /** The share of a standard normal distribution below a. */
  normalCdf: unary(
    `select(${normalTail}, 1.0 - ${normalTail}, a >= 0.0)`,
    "0.3989422804 * exp(-0.5 * a * a)",
    normalCdf,
  ),
  /** 1 above 0, else 0: no gradient. */
  positive: unary("select(0.0, 1.0, a > 0.0)", "0.0", (a) => a > 0 ? 1 : 0),
  /** -1, 0 or 1: no gradient. */
  sign: unary("sign(a)", "0.0", Math.sign),
} as const satisfies Record<string, PointwiseFunction>;

/** Names of the functions. */
export type MapName = keyof typeof pointwise;
