/**
 * The language read a third time: not to compute, but to say what computing would take. Matrices are
 * shapes alone; every function leaves the operators of its forward pass, and of its gradient where it
 * has one, in the vocabulary that profiles price (`kernels/base/op.ts`).
 *
 * Products are products. What has no operator of its own is counted by what it moves, as a pointwise
 * pass over as many elements: sums, shifts, choices. Gradients of values that are read twice are added.
 *
 * @module
 */
import { type AnyOp, op } from "../../kernels/base/op.ts";
import type { Arrays, Shape } from "../arrays/arrays.ts";
import { backRows, backWeights, combined, groupCounter } from "./counted_groups.ts";

/** A matrix of which only the shape is known. */
export interface CountedMatrix {
  /** Rows and columns. */
  shape: Shape;
  /** Whether no gradient goes to it. */
  fixed: boolean;
  /** How often something has read it so far. */
  reads: number;
}

/** Indices of which only the shape is known. */
export interface CountedIds {
  /** Rows and columns. */
  shape: Shape;
}

/** Operators of a forward pass and of its gradient, in order. */
export interface CountedOps {
  /** Forward. */
  forward: AnyOp[];
  /** Backward, in the order of the forward pass. */
  backward: AnyOp[];
}

/** A matrix that gradients go to, unless it is fixed. */
export function countedMatrix(shape: Shape, { fixed = false } = {}): CountedMatrix {
  return { shape, fixed, reads: 0 };
}

const size = ([rows, columns]: Shape) => rows * columns;
const pass = (shape: Shape, reads: number, name: string): AnyOp =>
  op("elementwise", { n: size(shape), reads }, { name });

/** The products of a forward pass and of both gradients, by which operand is transposed. */
const products = {
  none: { is: "gemm", a: "gemm_nt", b: "gemm_tn" },
  b: { is: "gemm_nt", a: "gemm", b: "gemm_tn" },
  a: { is: "gemm_tn", a: "gemm_nt", b: "gemm" },
} as const;

/**
 * The counting language, and what was counted so far.
 *
 * @example A product and its gradients
 * ```ts
 * import { countedArrays, countedMatrix } from "@moelab/moelab/core";
 * import { flops } from "@moelab/moelab/kernels";
 * import { assertEquals } from "@std/assert";
 *
 * const { g, ops } = countedArrays();
 * g.product(countedMatrix([2, 3], { fixed: true }), countedMatrix([3, 4]));
 * assertEquals(ops.forward.map(flops), [48]);
 * assertEquals(ops.backward.map(({ kind }) => kind), ["gemm_tn"]);
 * ```
 */
export function countedArrays(): { g: Arrays<CountedMatrix, CountedIds>; ops: CountedOps } {
  const ops: CountedOps = { forward: [], backward: [] };

  /** A result of operands; `back` says what the gradient of one of them takes. */
  function made(
    shape: Shape,
    from: readonly CountedMatrix[],
    { does, back }: { does: readonly AnyOp[]; back(of: CountedMatrix, at: number): AnyOp[] },
  ): CountedMatrix {
    ops.forward.push(...does);
    const fixed = from.every((one) => one.fixed);
    if (fixed) return countedMatrix(shape, { fixed });
    from.forEach((one, at) => {
      if (one.fixed) return;
      ops.backward.push(...back(one, at));
      if (one.reads++ > 0) ops.backward.push(pass(one.shape, 2, "add gradients"));
    });
    return countedMatrix(shape);
  }

  /** A move of numbers: as many out and back. */
  const moved = (shape: Shape, from: CountedMatrix, name: string) =>
    made(shape, [from], {
      does: [pass(size(shape) > size(from.shape) ? shape : from.shape, 1, name)],
      back:
        () => [pass(size(shape) > size(from.shape) ? shape : from.shape, 1, `${name} backward`)],
    });

  /** A choice: what is read, and no gradient. */
  const chosen = (shape: Shape, reads: Shape, name: string): CountedIds => {
    ops.forward.push(pass(reads, 1, name));
    return { shape };
  };

  const pointwise = (name: string, shape: Shape, operands: readonly CountedMatrix[]) =>
    made(shape, operands, {
      does: [pass(shape, operands.length, name)],
      back: (one) => [
        pass(shape, operands.length + 1, `${name} backward`),
        ...size(one.shape) < size(shape) ? [pass(shape, 1, `${name} sums`)] : [],
      ],
    });

  const fixed = (shape: Shape) => countedMatrix(shape, { fixed: true });
  const grouped = groupCounter(ops.forward);
  const rowsOf = ({ shape: [rows] }: { shape: Shape }) => rows;

  const g: Arrays<CountedMatrix, CountedIds> = {
    shapeOf: (a) => a.shape,
    indexShapeOf: (ids) => ids.shape,
    constant: (_, shape) => fixed(shape),
    indices: (_, shape) => ({ shape }),
    noise(name, _, shape) {
      ops.forward.push(pass(shape, 0, name));
      return fixed(shape);
    },
    detach: (a) => fixed(a.shape),
    product(a, b, { transpose = undefined } = {}) {
      const [m, k] = transpose === "a" ? [a.shape[1], a.shape[0]] : a.shape;
      const n = transpose === "b" ? b.shape[0] : b.shape[1];
      const kinds = products[transpose ?? "none"];
      return made([m, n], [a, b], {
        does: [op(kinds.is, { m, n, k }, { name: "product" })],
        back(of, at) {
          const inner = at === 0 ? n : m;
          const [rows, columns] = of.shape;
          const dims = { m: rows, n: columns, k: inner };
          return [op(at === 0 ? kinds.a : kinds.b, dims, { name: `product d${"ab"[at]}` })];
        },
      });
    },
    map(name, ...operands) {
      const side = (d: 0 | 1) => Math.max(...operands.map(({ shape }) => shape[d]));
      return pointwise(name, [side(0), side(1)], operands);
    },
    scale: (a) => pointwise("scale", a.shape, [a]),
    shift: (a) => pointwise("shift", a.shape, [a]),
    softmax: (a) => pointwise("softmax", a.shape, [a]),
    logSumExp: (a) => moved([rowsOf(a), 1], a, "log-sum-exp"),
    sumRows: (a) => moved([rowsOf(a), 1], a, "rows' sums"),
    sumColumns: (a) => moved([1, a.shape[1]], a, "columns' sums"),
    total: (a) => moved([1, 1], a, "total"),
    largest: (a) => moved([rowsOf(a), 1], a, "largest"),
    unit(a) {
      const [t, d] = a.shape;
      return made(a.shape, [a], {
        does: [op("norm", { t, d }, { name: "unit" })],
        back: () => [op("norm_backward", { t, d, adds: 0 }, { name: "unit backward" })],
      });
    },
    segmentMeans: (a, length) => moved([rowsOf(a) / length, a.shape[1]], a, "segments"),
    repeatRows: (a, times) => moved([rowsOf(a) * times, a.shape[1]], a, "repeat"),
    lookUp(table, ids) {
      const [v, d] = table.shape;
      const t = rowsOf(ids);
      return made([t, d], [table], {
        does: [op("embedding", { t, d, v }, { name: "rows" })],
        back: () => [op("embedding_backward", { t, d, v, adds: 0 }, { name: "look-up backward" })],
      });
    },
    // Rows of equal length are the same matrix.
    reshape: (a, shape) => a.shape[1] === shape[1] ? a : moved(shape, a, "reshape"),
    transpose: (a) => moved([a.shape[1], rowsOf(a)], a, "transpose"),
    columns: (a, from, to) => moved([rowsOf(a), to - from], a, "window"),
    beside(...parts) {
      const columns = parts.reduce((sum, { shape }) => sum + shape[1], 0);
      const shape: Shape = [rowsOf(parts[0]), columns];
      return made(shape, parts, {
        does: [pass(shape, 1, "beside")],
        back: (one) => [pass(one.shape, 1, "window")],
      });
    },
    take: (a, ids) => moved(ids.shape, a, "take"),
    put: (a, _, columns) => moved([rowsOf(a), columns], a, "put"),
    expertRows: (a, of) => {
      const { t, k } = grouped(of);
      return moved([t * k, 1], a, "rows of choices");
    },
    intoExperts(x, w, of) {
      const { t, k, e } = grouped(of);
      const [width, columns] = w.shape;
      const dims = { groups: e, m: t * k, n: columns / e, k: width };
      return made([t * k, columns / e], [x, w], {
        does: [op("grouped_gemm", dims, { name: "into experts" })],
        back: (_, at) =>
          at === 0 ? [backRows(dims), combined(of, width)] : backWeights(dims, w.shape),
      });
    },
    outOfExperts(h, w, of) {
      const { t, k, e } = grouped(of);
      const [rows, width] = w.shape;
      const dims = { groups: e, m: t * k, n: width, k: rows / e };
      return made([t, width], [h, w], {
        does: [op("grouped_gemm", dims, { name: "out of experts" }), combined(of, width)],
        back: (_, at) => at === 0 ? [backRows(dims)] : backWeights(dims),
      });
    },
    topK: (a, k) => chosen([rowsOf(a), k], a.shape, "best"),
    where: (mask) => chosen(mask.shape, mask.shape, "where"),
    keep: (ids) => chosen(ids.shape, ids.shape, "keep"),
    choosePerColumn(a) {
      chosen(a.shape, a.shape, "choice by columns");
      return fixed(a.shape);
    },
    assignEqually: (a) => chosen([rowsOf(a), 1], a.shape, "assignment"),
    limit: (ids) => chosen(ids.shape, ids.shape, "limit"),
    hash: (of) => chosen([rowsOf(of[0]), 1], of[0].shape, "hash"),
    lookUpIds: (_, ids) => chosen(ids.shape, ids.shape, "look-up of indices"),
    randomIds: (_, shape) => chosen(shape, shape, "random indices"),
    affine: (ids) => chosen(ids.shape, ids.shape, "affine"),
    idsBeside(...parts) {
      const columns = parts.reduce((sum, { shape }) => sum + shape[1], 0);
      const shape: Shape = [rowsOf(parts[0]), columns];
      return chosen(shape, shape, "indices beside");
    },
    repeatIds: ({ shape: [rows, k] }, times) =>
      chosen([rows * times, k], [rows * times, k], "repeated indices"),
    reshapeIds: (_, shape) => ({ shape }),
  };
  return { g, ops };
}
