/**
 * Choices on the host; none of them has a gradient.
 *
 * @module
 */
import { type DropOrder, NONE } from "./arrays.ts";
import { mixHash } from "./hash.ts";
import { type HostIndices, type HostMatrix, requireShape, shapeText } from "./host_matrix.ts";

/** 0..n-1, those with larger values first, equal ones in order. */
const ranked = (n: number, value: (i: number) => number): number[] =>
  Array.from({ length: n }, (_, i) => i).sort((i, j) => value(j) - value(i) || i - j);

/** Indices of the k largest entries of each row, best first. */
export function largestOf({ shape, data }: HostMatrix, k: number): Uint32Array {
  const [rows, n] = shape;
  requireShape(k >= 1 && k <= n, () => `Chose ${k} of the columns of ${shapeText(shape)}`);
  return Uint32Array.from(
    Array.from({ length: rows }, (_, r) => ranked(n, (c) => data[r * n + c]).slice(0, k)).flat(),
  );
}

/** 1 where a column takes a row, else 0: each its best `count` of every `length` rows. */
export function columnChoice(
  { shape, data }: HostMatrix,
  { count, length }: { count: number; length: number },
): Float64Array {
  const [rows, n] = shape;
  requireShape(
    rows % length === 0 && count >= 1 && count <= length,
    () => `Chose ${count} of every ${length} rows of ${shapeText(shape)}`,
  );
  const chosen = new Float64Array(rows * n);
  for (let first = 0; first < rows; first += length) {
    for (let c = 0; c < n; c++) {
      const best = ranked(length, (i) => data[(first + i) * n + c]).slice(0, count);
      for (const i of best) chosen[(first + i) * n + c] = 1;
    }
  }
  return chosen;
}

/** What a limit needs to know. */
export interface LimitOptions {
  /** Experts. */
  experts: number;
  /** Choices that each has room for. */
  capacity: number;
  /** Order among equals. */
  order: DropOrder;
  /** Priority of each row, for the order of that name. */
  priority?: HostMatrix;
  /** Key of the random order. */
  key: number;
}

/** Indices with NONE where an expert has no room: first choices of all rows before second ones. */
export function withinLimit({ shape, data }: HostIndices, options: LimitOptions): Uint32Array {
  const [rows, k] = shape;
  const { experts, capacity, order, priority, key } = options;
  requireShape(
    order !== "priority" || priority?.data.length === rows,
    () => `Dropped by priority of ${priority?.data.length ?? "no"} rows, not ${rows}`,
  );
  const value = {
    sequence: () => 0,
    priority: (r: number) => priority?.data[r] ?? 0,
    random: (r: number) => -mixHash(key, r),
  }[order];
  const out = new Uint32Array(data.length).fill(NONE);
  const taken = new Uint32Array(experts);
  const inOrder = ranked(rows, value);
  for (let choice = 0; choice < k; choice++) {
    for (const r of inOrder) {
      const id = data[r * k + choice];
      requireShape(id === NONE || id < experts, () => `Found expert ${id} of ${experts}`);
      if (id !== NONE && taken[id]++ < capacity) out[r * k + choice] = id;
    }
  }
  return out;
}
