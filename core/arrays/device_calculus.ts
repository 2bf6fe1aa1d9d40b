/**
 * The part of the language on the device that computes: products, pointwise functions, sums,
 * softmaxes and lengths.
 *
 * @module
 */
import {
  broadcast,
  broadcastBackward,
  type BroadcastFunction,
  columnTotals,
  elementRecipes,
  elements,
  gemm,
  matrixTotal,
  norm,
  normBackward,
  rowTotals,
  softmax,
  softmaxBackward,
  type Tensor,
} from "../../kernels/mod.ts";
import type { Variable } from "../nn/tape.ts";
import type { Arrays } from "./arrays.ts";
import { type DeviceScope, matrixShapeOf } from "./device_scope.ts";
import { pointwise } from "./functions.ts";

/** What {@linkcode deviceCalculus} gives. */
export type DeviceCalculus = Pick<
  Arrays<Variable, Tensor>,
  | ("product" | "map" | "scale" | "shift" | "softmax" | "logSumExp" | "sumRows" | "sumColumns")
  | ("total" | "unit")
>;

/** The gradients of a product's operands are products too: of which, and which is transposed. */
type Side = "a" | "b" | "dy";
type Factors = readonly [left: Side, right: Side, transpose?: "a" | "b"];

const productGradients: Readonly<Record<"none" | "a" | "b", Record<"a" | "b", Factors>>> = {
  none: { a: ["dy", "b", "b"], b: ["a", "dy", "a"] },
  a: { a: ["b", "dy", "b"], b: ["a", "dy"] },
  b: { a: ["dy", "b"], b: ["dy", "a", "a"] },
};

function multiply(
  { recorder, kernels }: DeviceScope,
  left: Tensor,
  options: { right: Tensor; transpose?: "a" | "b"; label: string },
): Tensor {
  const { right, transpose, label } = options;
  const variant = { a: kernels.weightGrad, b: kernels.transposed, none: kernels.gemm };
  return gemm(recorder, left, {
    ...{ b: right, label, variant: variant[transpose ?? "none"] },
    ...{ transposeA: transpose === "a", transposeB: transpose === "b" },
  });
}

function product(scope: DeviceScope): DeviceCalculus["product"] {
  return (a, b, { transpose } = {}) => {
    [a, b].forEach(matrixShapeOf);
    const { tape, recorder: { pool } } = scope;
    const value = multiply(scope, a.value, { right: b.value, transpose, label: "product" });
    return scope.made(value, [a, b], (dy) => {
      const tensors = { a: a.value, b: b.value, dy };
      for (const [name, to] of Object.entries({ a, b }) as ["a" | "b", Variable][]) {
        if (to.fixed) continue;
        const [left, right, transposed] = productGradients[transpose ?? "none"][name];
        const options = { right: tensors[right], transpose: transposed, label: `product d${name}` };
        tape.addGrad(to, multiply(scope, tensors[left], options));
      }
      pool.release(dy);
    });
  };
}

/** A pointwise function of operands that stretch. */
function applied(
  scope: DeviceScope,
  operands: readonly Variable[],
  options: { of: BroadcastFunction; values?: Record<string, number>; label: string },
): Variable {
  operands.forEach(matrixShapeOf);
  const { tape, recorder } = scope;
  const tensors = operands.map((one) => one.value);
  const y = broadcast(recorder, tensors, options);
  const { slopes } = options.of;
  const wanted = operands.map((_, k) => k).filter((k) => !operands[k].fixed && slopes[k] !== "0.0");
  if (wanted.length === 0) return scope.fixed(y);
  return tape.variable(y, (dy) => {
    // The gradient itself is handed on to one operand where nothing multiplies it.
    const same = wanted.find((k) =>
      slopes[k] === "1.0" && operands[k].value.shape.join() === y.shape.join()
    );
    const others = wanted.filter((k) => k !== same);
    const grads = broadcastBackward(recorder, dy, {
      ...options,
      ...{ operands: tensors, y, wanted: others, label: `${options.label} backward` },
    });
    others.forEach((k, i) => tape.addGrad(operands[k], grads[i]));
    if (same === undefined) recorder.pool.release(dy);
    else tape.addGrad(operands[same], dy);
  });
}

const scaled: BroadcastFunction = { wgsl: "a * by", slopes: ["by"] };
const shifted: BroadcastFunction = { wgsl: "a + by", slopes: ["1.0"] };
const lseBackward: BroadcastFunction = { wgsl: "a * exp(b - c)", slopes: [] };

function rowSoftmax(scope: DeviceScope, a: Variable): Variable {
  const { recorder } = scope;
  const { y, lse } = softmax(recorder, a.value);
  recorder.pool.release(lse);
  return scope.madeOf(y, a, (dy) => softmaxBackward(recorder, dy, { y }));
}

function unit(scope: DeviceScope, a: Variable): Variable {
  const { recorder, tape } = scope;
  const label = "unit rows";
  const normed = norm(recorder, a.value, { kind: "l2", label });
  tape.keep(normed.inverse);
  return scope.madeOf(
    normed.y,
    a,
    (dy) => normBackward(recorder, dy, { kind: "l2", x: a.value, normed, label }).dx,
  );
}

/** The functions, on a scope; `reshape` is the language's own. */
export function deviceCalculus(
  scope: DeviceScope,
  { reshape }: Pick<Arrays<Variable, Tensor>, "reshape">,
): DeviceCalculus {
  const { recorder } = scope;
  /** A sum, whose gradient is the same for all that was added. */
  const summed = (a: Variable, sum: Tensor): Variable =>
    scope.madeOf(sum, a, (dy, into) =>
      elements(recorder, elementRecipes.stretch, {
        ...{ shape: matrixShapeOf(a), tensors: { x: dy }, into, label: "sum backward" },
      }));
  return {
    product: product(scope),
    map(name, ...operands) {
      const of = pointwise[name];
      if (operands.length !== of.arity) {
        throw new RangeError(
          `Gave ${operands.length} operands to "${name}", which takes ${of.arity}`,
        );
      }
      return applied(scope, operands, { of, label: name });
    },
    scale: (a, by) => applied(scope, [a], { of: scaled, values: { by }, label: "scale" }),
    shift: (a, by) => applied(scope, [a], { of: shifted, values: { by }, label: "shift" }),
    softmax(a, { parts = 1 } = {}) {
      const [rows, columns] = matrixShapeOf(a);
      if (columns % parts !== 0) {
        throw new RangeError(`Cut ${columns} columns into ${parts} equal parts`);
      }
      if (parts === 1) return rowSoftmax(scope, a);
      const pieces = reshape(a, [rows * parts, columns / parts]);
      return reshape(rowSoftmax(scope, pieces), [rows, columns]);
    },
    logSumExp(a) {
      matrixShapeOf(a);
      const y = rowTotals(recorder, a.value, { kind: "log-sum-exp" });
      return scope.madeOf(y, a, (dy) =>
        broadcast(recorder, [dy, a.value, y], {
          ...{ of: lseBackward, label: "log-sum-exp backward" },
        }));
    },
    sumRows: (a) => summed(a, rowTotals(recorder, a.value, { kind: "sum" })),
    sumColumns: (a) => summed(a, columnTotals(recorder, a.value)),
    total: (a) => summed(a, matrixTotal(recorder, a.value)),
    unit: (a) => unit(scope, a),
  };
}
