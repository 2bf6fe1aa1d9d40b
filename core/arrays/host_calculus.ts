/**
 * The part of the language that has a gradient, on the host.
 *
 * @module
 */
import { type Arrays, NONE, type Shape } from "./arrays.ts";
import { type MapName, pointwise } from "./functions.ts";
import type { Freeze } from "./host_frozen.ts";
import {
  fillMatrix,
  type HostIndices,
  type HostMatrix,
  hostMatrix,
  requireShape,
  shapeText,
} from "./host_matrix.ts";

/** What {@linkcode hostCalculus} gives. */
export type HostCalculus = Pick<
  Arrays<HostMatrix, HostIndices>,
  | ("product" | "map" | "scale" | "shift" | "softmax" | "logSumExp" | "sumRows" | "sumColumns")
  | ("total" | "largest" | "unit" | "segmentMeans" | "repeatRows" | "lookUp" | "reshape")
  | ("transpose" | "columns" | "beside" | "take" | "put")
>;

const row = ({ shape: [, n], data }: HostMatrix, r: number) => data.subarray(r * n, r * n + n);
const sum = (data: Float64Array) => data.reduce((a, b) => a + b, 0);
const most = (data: Float64Array) => data.reduce((a, b) => Math.max(a, b), -Infinity);
const column = (a: HostMatrix, of: (row: Float64Array, r: number) => number) =>
  fillMatrix([a.shape[0], 1], (r) => of(row(a, r), r));

function product(a: HostMatrix, b: HostMatrix, options: { transpose?: "a" | "b" } = {}) {
  if (options.transpose === "a") return product(transpose(a), b);
  if (options.transpose === "b") return product(a, transpose(b));
  const [, inner] = a.shape;
  requireShape(
    inner === b.shape[0],
    () => `Multiplied ${shapeText(a.shape)} by ${shapeText(b.shape)}: inner lengths must be equal`,
  );
  return fillMatrix([a.shape[0], b.shape[1]], (r, c) => {
    let dot = 0;
    for (let i = 0; i < inner; i++) dot += a.data[r * inner + i] * b.data[i * b.shape[1] + c];
    return dot;
  });
}

/** The shape that operands stretch to. */
function stretched(name: MapName, operands: readonly HostMatrix[]): Shape {
  const { arity } = pointwise[name];
  requireShape(
    operands.length === arity,
    () => `Gave ${operands.length} operands to "${name}", which takes ${arity}`,
  );
  const side = (d: 0 | 1) => Math.max(...operands.map(({ shape }) => shape[d]));
  const shape: Shape = [side(0), side(1)];
  for (const operand of operands) {
    requireShape(
      operand.shape.every((n, d) => n === 1 || n === shape[d]),
      () => `Stretched ${shapeText(operand.shape)} in "${name}" to ${shapeText(shape)}`,
    );
  }
  return shape;
}

/** Of functions with a kink or a jump: which side each element is on, and the value there. */
const sides: Partial<
  Record<MapName, {
    side(a: number, b: number): number;
    value(side: number, a: number, b: number, c: number): number;
  }>
> = {
  larger: { side: (a, b) => a >= b ? 1 : 0, value: (side, a, b) => side ? a : b },
  smaller: { side: (a, b) => a <= b ? 1 : 0, value: (side, a, b) => side ? a : b },
  select: { side: (a) => a > 0 ? 1 : 0, value: (side, _a, b, c) => side ? b : c },
  relu: { side: (a) => a > 0 ? 1 : 0, value: (side, a) => side * a },
  absolute: { side: Math.sign, value: (side, a) => side * a },
  positive: { side: (a) => a > 0 ? 1 : 0, value: (side) => side },
  sign: { side: Math.sign, value: (side) => side },
};

function mapped(freeze: Freeze, name: MapName, operands: readonly HostMatrix[]): HostMatrix {
  const shape = stretched(name, operands);
  const [a, b, c] = operands.map((m) =>
    fillMatrix(
      shape,
      (r, c) => m.data[(m.shape[0] === 1 ? 0 : r) * m.shape[1] + (m.shape[1] === 1 ? 0 : c)],
    ).data
  );
  const kinked = sides[name];
  if (!kinked) return hostMatrix(shape, a.map((v, i) => pointwise[name].value(v, b?.[i], c?.[i])));
  const side = freeze(() => a.map((v, i) => kinked.side(v, b?.[i])));
  return hostMatrix(shape, a.map((v, i) => kinked.value(side[i], v, b?.[i], c?.[i])));
}

function softmax(a: HostMatrix, { parts = 1 }: { parts?: number } = {}): HostMatrix {
  const [rows, n] = a.shape;
  requireShape(n % parts === 0, () => `Cut ${n} columns into ${parts} equal parts`);
  const pieces = reshape(a, [rows * parts, n / parts]);
  const out = Array.from({ length: rows * parts }, (_, r) => {
    const piece = row(pieces, r);
    const top = most(piece);
    const exps = piece.map((v) => Math.exp(v - top));
    const whole = sum(exps);
    return [...exps.map((v) => v / whole)];
  });
  return hostMatrix(a.shape, out.flat());
}

function logSumExp(a: HostMatrix): HostMatrix {
  return column(a, (values) => {
    const top = most(values);
    return top + Math.log(sum(values.map((v) => Math.exp(v - top))));
  });
}

function largest(freeze: Freeze, a: HostMatrix): HostMatrix {
  const at = freeze(() =>
    Uint32Array.from({ length: a.shape[0] }, (_, r) => row(a, r).indexOf(most(row(a, r))))
  );
  return column(a, (values, r) => values[at[r]]);
}

function segmentMeans(a: HostMatrix, length: number): HostMatrix {
  const [rows, n] = a.shape;
  requireShape(rows % length === 0, () => `Cut ${rows} rows into segments of ${length}`);
  return fillMatrix([rows / length, n], (s, c) => {
    let of = 0;
    for (let r = s * length; r < (s + 1) * length; r++) of += a.data[r * n + c];
    return of / length;
  });
}

function reshape(a: HostMatrix, shape: Shape): HostMatrix {
  requireShape(
    shape[0] * shape[1] === a.data.length,
    () => `Reshaped ${shapeText(a.shape)} to ${shapeText(shape)}, which has other entries`,
  );
  return { shape, data: a.data };
}

function transpose(a: HostMatrix): HostMatrix {
  const [rows, columns] = a.shape;
  return fillMatrix([columns, rows], (r, c) => a.data[c * columns + r]);
}

function beside(...parts: HostMatrix[]): HostMatrix {
  const [rows] = parts[0].shape;
  requireShape(
    parts.every(({ shape }) => shape[0] === rows),
    () => `Set side by side ${parts.map((p) => shapeText(p.shape)).join(", ")}: unequal rows`,
  );
  const out = Array.from({ length: rows }, (_, r) => parts.flatMap((part) => [...row(part, r)]));
  return hostMatrix([rows, parts.reduce((n, { shape }) => n + shape[1], 0)], out.flat());
}

/** Throws unless ids has the rows wanted and no index at or above `below`, NONE aside. */
function requireIds(ids: HostIndices, { rows, below }: { rows: number; below: number }): void {
  requireShape(
    ids.shape[0] === rows,
    () => `Used indices ${shapeText(ids.shape)} with a matrix of ${rows} rows`,
  );
  const wrong = ids.data.find((id) => id !== NONE && id >= below);
  requireShape(wrong === undefined, () => `Found index ${wrong}, wanted indices below ${below}`);
}

function take(a: HostMatrix, ids: HostIndices): HostMatrix {
  const [rows, n] = a.shape;
  requireIds(ids, { rows, below: n });
  const k = ids.shape[1];
  return fillMatrix([rows, k], (r, j) => {
    const id = ids.data[r * k + j];
    return id === NONE ? 0 : a.data[r * n + id];
  });
}

function put(a: HostMatrix, ids: HostIndices, columns: number): HostMatrix {
  const [rows, k] = a.shape;
  requireIds(ids, { rows, below: columns });
  requireShape(
    ids.shape[1] === k,
    () => `Put ${shapeText(a.shape)} where indices ${shapeText(ids.shape)} say`,
  );
  const out = hostMatrix([rows, columns], new Float64Array(rows * columns));
  ids.data.forEach((id, i) => {
    if (id !== NONE) out.data[Math.floor(i / k) * columns + id] += a.data[i];
  });
  return out;
}

function lookUp(table: HostMatrix, ids: HostIndices): HostMatrix {
  const [rows, n] = table.shape;
  requireIds(ids, { rows: ids.shape[0], below: rows });
  requireShape(ids.shape[1] === 1, () => `Looked rows up by indices ${shapeText(ids.shape)}`);
  return fillMatrix([ids.shape[0], n], (r, c) => {
    const id = ids.data[r];
    return id === NONE ? 0 : table.data[id * n + c];
  });
}

/** The functions; what has no gradient goes through `freeze`. */
export function hostCalculus(freeze: Freeze): HostCalculus {
  return {
    ...{ product, softmax, logSumExp, segmentMeans, reshape, transpose, beside, take, put, lookUp },
    map: (name, ...operands) => mapped(freeze, name, operands),
    scale: (a, by) => hostMatrix(a.shape, a.data.map((v) => v * by)),
    shift: (a, by) => hostMatrix(a.shape, a.data.map((v) => v + by)),
    sumRows: (a) => column(a, sum),
    sumColumns: (a) => transpose(column(transpose(a), sum)),
    total: (a) => hostMatrix([1, 1], [sum(a.data)]),
    largest: (a) => largest(freeze, a),
    unit: (a) => {
      const lengths = column(a, (values) => Math.hypot(...values));
      return fillMatrix(a.shape, (r, c) => a.data[r * a.shape[1] + c] / lengths.data[r]);
    },
    repeatRows: (a, times) =>
      fillMatrix([a.shape[0] * times, a.shape[1]], (r, c) => row(a, Math.floor(r / times))[c]),
    columns: (a, from, to) => {
      requireShape(
        from >= 0 && to <= a.shape[1] && from < to,
        () => `Took columns ${from} to ${to} of ${shapeText(a.shape)}`,
      );
      return fillMatrix([a.shape[0], to - from], (r, c) => row(a, r)[from + c]);
    },
  };
}
