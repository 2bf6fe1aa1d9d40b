/**
 * The part of the language on the device that moves numbers: shapes, parts, repetitions, and what
 * indices name.
 *
 * @module
 */
import {
  besideRecipe,
  elementRecipes,
  elements,
  embedBackward,
  idRecipes,
  layoutOf,
  MOST_BESIDE,
  putEntries,
  type Tensor,
  topIds,
} from "../../kernels/mod.ts";
import type { Variable } from "../nn/tape.ts";
import type { Arrays, Shape } from "./arrays.ts";
import { type DeviceScope, idShapeOf, matrixShapeOf } from "./device_scope.ts";

/** What {@linkcode deviceMoves} gives. */
export type DeviceMoves = Pick<
  Arrays<Variable, Tensor>,
  | ("largest" | "segmentMeans" | "repeatRows" | "lookUp" | "reshape" | "transpose" | "columns")
  | ("beside" | "take" | "put")
>;

type RecipeName = keyof typeof elementRecipes;

/** A launch that moves numbers: which recipe, to which shape, told what. */
interface Move {
  shape: Shape;
  ids?: Tensor;
  values?: Record<string, number>;
  into?: Tensor;
}

function move(
  scope: DeviceScope,
  x: Tensor,
  name: RecipeName,
  to: Move,
): Tensor {
  const { ids, shape, values, into } = to;
  const tensors = { x, ...ids && { ids } };
  return elements(scope.recorder, elementRecipes[name], { shape, values, into, tensors });
}

/** The gradient of rows of a table: the sums of the rows of equal ids. */
function tableGradient(scope: DeviceScope, dy: Tensor, options: { ids: Tensor; rows: number }) {
  const { ids, rows } = options;
  const { recorder } = scope;
  // What names no row is added up in one more row, which is then left out.
  const known = elements(recorder, idRecipes.atMost, {
    ...{ shape: [ids.shape[0], 1], tensors: { ids }, values: { most: rows } },
  });
  const label = "look-up backward";
  const all = embedBackward(recorder, dy, { ids: known, vocabulary: rows + 1, label });
  recorder.pool.release(known);
  const shape = [rows, dy.shape[1]];
  return { ...all, shape, plane: layoutOf(shape).plane };
}

function beside(scope: DeviceScope, parts: readonly Variable[]): Variable {
  const { tape, recorder } = scope;
  const shapes = parts.map(matrixShapeOf);
  const [[rows]] = shapes;
  if (shapes.some((shape) => shape[0] !== rows)) {
    throw new RangeError(
      `Set side by side ${shapes.map((s) => `[${s.join(", ")}]`).join(", ")}: unequal rows`,
    );
  }
  if (parts.length > MOST_BESIDE) {
    const first = beside(scope, parts.slice(0, MOST_BESIDE));
    return beside(scope, [first, ...parts.slice(MOST_BESIDE)]);
  }
  const starts = shapes.map((_, i) => shapes.slice(0, i).reduce((sum, [, n]) => sum + n, 0));
  const columns = starts[parts.length - 1] + shapes[parts.length - 1][1];
  const value = elements(recorder, besideRecipe("f32", parts.length), {
    shape: [rows, columns],
    tensors: Object.fromEntries(parts.map((part, i) => [`part${i}`, part.value])),
    values: Object.fromEntries(starts.map((at, i) => [`at${i}`, at])),
  });
  return scope.made(value, parts, (dy) => {
    parts.forEach((part, i) => {
      if (part.fixed) return;
      const values = { shift: starts[i] };
      const into = part.grad;
      const arrived = move(scope, dy, "window", { shape: shapes[i], values, into });
      if (arrived !== into) tape.addGrad(part, arrived);
    });
    recorder.pool.release(dy);
  });
}

/** The functions, on a scope. */
export function deviceMoves(scope: DeviceScope): DeviceMoves {
  const { recorder } = scope;

  /** One move forward, another backward. */
  const moved = (
    a: Variable,
    there: Omit<Move, "shape"> & { name: RecipeName; shape: Shape },
    back: Omit<Move, "shape"> & { name: RecipeName },
  ): Variable => {
    const shape = matrixShapeOf(a);
    const value = move(scope, a.value, there.name, there);
    return scope.madeOf(
      value,
      a,
      (dy, into) => move(scope, dy, back.name, { ...back, shape, into }),
    );
  };

  function take(a: Variable, ids: Tensor): Variable {
    const [rows, columns] = matrixShapeOf(a);
    const shape = idShapeOf(ids);
    if (shape[0] !== rows) {
      throw new RangeError(`Used indices [${shape.join(", ")}] with a matrix of ${rows} rows`);
    }
    const value = move(scope, a.value, "take", { shape, ids });
    return scope.madeOf(value, a, (dy, into) => putEntries(recorder, dy, { ids, columns, into }));
  }

  return {
    take,
    put(a, ids, columns) {
      const shape = matrixShapeOf(a);
      if (idShapeOf(ids).join() !== shape.join()) {
        throw new RangeError(
          `Put [${shape.join(", ")}] where indices [${idShapeOf(ids).join(", ")}] say`,
        );
      }
      const value = putEntries(recorder, a.value, { ids, columns });
      return scope.madeOf(value, a, (dy, into) => move(scope, dy, "take", { shape, ids, into }));
    },
    largest(a) {
      const [rows] = matrixShapeOf(a);
      return take(a, scope.ids(topIds(recorder, a.value, { k: 1 }), [rows, 1]));
    },
    segmentMeans(a, length) {
      const [rows, columns] = matrixShapeOf(a);
      if (rows % length !== 0) throw new RangeError(`Cut ${rows} rows into segments of ${length}`);
      const factor = 1 / length;
      return moved(
        a,
        { name: "segments", shape: [rows / length, columns], values: { length, factor } },
        { name: "repeat", values: { times: length, factor } },
      );
    },
    repeatRows(a, times) {
      const [rows, columns] = matrixShapeOf(a);
      return moved(
        a,
        { name: "repeat", shape: [rows * times, columns], values: { times, factor: 1 } },
        { name: "segments", values: { length: times, factor: 1 } },
      );
    },
    lookUp(table, ids) {
      const [rows, columns] = matrixShapeOf(table);
      const [count, k] = idShapeOf(ids);
      if (k !== 1) throw new RangeError(`Looked rows up by indices [${count}, ${k}]`);
      const value = move(scope, table.value, "rows", { shape: [count, columns], ids });
      return scope.madeOf(value, table, (dy) => tableGradient(scope, dy, { ids, rows }));
    },
    reshape(a, shape) {
      const [rows, columns] = matrixShapeOf(a);
      if (rows * columns !== shape[0] * shape[1]) {
        throw new RangeError(
          `Reshaped [${rows}, ${columns}] to [${shape.join(", ")}], which has other entries`,
        );
      }
      if (columns === shape[1]) return a;
      return moved(a, { name: "reshape", shape }, { name: "reshape" });
    },
    transpose(a) {
      const [rows, columns] = matrixShapeOf(a);
      return moved(a, { name: "transpose", shape: [columns, rows] }, { name: "transpose" });
    },
    columns(a, from, to) {
      const [rows, columns] = matrixShapeOf(a);
      if (!(from >= 0 && from < to && to <= columns)) {
        throw new RangeError(`Took columns ${from} to ${to} of [${rows}, ${columns}]`);
      }
      return moved(
        a,
        { name: "window", shape: [rows, to - from], values: { shift: from } },
        { name: "window", values: { shift: -from } },
      );
    },
    beside: (...parts) => beside(scope, parts),
  };
}
