/**
 * Numbers between the order of a file and that of a model, a run of the file's rows at a time.
 *
 * The axes of a part are at most three. In the file's order they are A, B and C; a row is C numbers
 * that follow each other there, and in the model are `strides[2]` apart.
 *
 * @module
 */
import { elementsOf, type FilePart } from "./layout.ts";

/** A part's axes in the file's order, padded in front to three. */
export interface RowGeometry {
  /** Sizes of the axes. */
  sizes: readonly [number, number, number];
  /** Distances in the part between neighbours along them. */
  strides: readonly [number, number, number];
  /** Rows of the part. */
  rows: number;
  /** Numbers of a row. */
  columns: number;
}

/** The rows of a part. */
export function geometryOf({ shape, order }: Pick<FilePart, "shape" | "order">): RowGeometry {
  const strideOf = (axis: number) => elementsOf(shape.slice(axis + 1));
  const pad = new Array<number>(3 - order.length);
  const sizes = [...pad.fill(1), ...order.map((axis) => shape[axis])];
  const strides = [...pad.fill(0), ...order.map(strideOf)];
  return {
    sizes: [sizes[0], sizes[1], sizes[2]],
    strides: [strides[0], strides[1], strides[2]],
    rows: sizes[0] * sizes[1],
    columns: sizes[2],
  };
}

/** Rows that are moved together, so that neighbours in the model are written together. */
const tile = 16;

/** Rows of a part: the first and the one behind the last. */
export interface RowRange {
  /** First row. */
  from: number;
  /** Row behind the last. */
  to: number;
}

/** Where rows go or come from. */
export interface RowMove {
  /** Rows in the file's order, from the first of the range on. */
  file: Float32Array;
  /** The whole part, in the model's order. */
  part: Float32Array;
  /** The rows of the part. */
  geometry: RowGeometry;
  /** Which of them. */
  range: RowRange;
}

/** Moves a run of rows between the file's order and the model's, tile by tile. */
function move({ file, part, geometry, range }: RowMove, toPart: boolean): void {
  const { sizes: [, perA, columns], strides: [a, b, c] } = geometry;
  for (let row = range.from; row < range.to;) {
    const inA = row % perA;
    const count = Math.min(tile, perA - inA, range.to - row);
    const inFile = (row - range.from) * columns;
    const inPart = Math.floor(row / perA) * a + inA * b;
    for (let column = 0; column < columns; column++) {
      let from = inFile + column;
      let to = inPart + column * c;
      for (let i = 0; i < count; i++, from += columns, to += b) {
        if (toPart) part[to] = file[from];
        else file[from] = part[to];
      }
    }
    row += count;
  }
}

/** Puts rows of a file into a part. */
export function rowsToModel(rows: RowMove): void {
  move(rows, true);
}

/** Takes rows of a file from a part. */
export function rowsToFile(rows: RowMove): void {
  move(rows, false);
}
