/**
 * The part of the language on the device that has no gradient: noise, choices and indices.
 *
 * @module
 */
import {
  assignEqually,
  besideRecipe,
  choosePerColumn,
  type ElementRecipe,
  elements,
  idRecipes,
  limitChoices,
  MOST_BESIDE,
  type Tensor,
  topIds,
} from "../../kernels/mod.ts";
import type { Variable } from "../nn/tape.ts";
import type { Arrays, NoiseKind, Shape } from "./arrays.ts";
import { type DeviceScope, idShapeOf, matrixShapeOf, shapedIds } from "./device_scope.ts";
import { HASH_WGSL, noiseKey } from "./hash.ts";

/** What {@linkcode deviceChoices} gives. */
export type DeviceChoices = Pick<
  Arrays<Variable, Tensor>,
  | ("noise" | "topK" | "where" | "keep" | "choosePerColumn" | "assignEqually" | "limit" | "hash")
  | ("lookUpIds" | "randomIds" | "affine" | "idsBeside" | "repeatIds" | "reshapeIds")
>;

const noiseTexts: Readonly<Record<NoiseKind, string>> = {
  uniform: "hash_uniform(mix_hash(p.key, i))",
  normal: "hash_normal(p.key, i)",
  gumbel: "hash_gumbel(p.key, i)",
};

const noiseRecipe = (kind: NoiseKind) => ({
  name: `${kind} noise`,
  gives: "f32",
  values: { key: "u32" },
  functions: HASH_WGSL,
  body: `let i = row * p.columns + column;
  return ${noiseTexts[kind]};`,
} as const satisfies ElementRecipe);

const randomRecipe = {
  name: "random ids",
  gives: "u32",
  values: { key: "u32", below: "u32" },
  functions: HASH_WGSL,
  body: "return mix_hash(p.key, row * p.columns + column) % p.below;",
} as const satisfies ElementRecipe;

/** The hash of `count` indices. */
const hashRecipe = (count: number): ElementRecipe => {
  const names = Array.from({ length: count }, (_, i) => `ids${i}`);
  return {
    name: `hash of ${count}`,
    gives: "u32",
    reads: Object.fromEntries(names.map((name) => [name, "u32"])),
    values: { seed: "u32", buckets: "u32" },
    functions: HASH_WGSL,
    body: `if (${names.map((name) => `${name}[row] == NONE`).join(" || ")}) { return NONE; }
  var hash = mix_hash(0u, p.seed);
  ${names.map((name) => `hash = mix_hash(hash, ${name}[row]);`).join("\n  ")}
  return hash % p.buckets;`,
  };
};

/** Keys of rows in a random order. */
const shuffleRecipe = {
  name: "random keys",
  gives: "u32",
  values: { key: "u32" },
  functions: HASH_WGSL,
  body: "return mix_hash(p.key, row);",
} as const satisfies ElementRecipe;

/** The functions, on a scope. */
export function deviceChoices(scope: DeviceScope): DeviceChoices {
  const { recorder, seed, step = 0 } = scope;
  const keyOf = (name: string) => noiseKey(name, { seed, step });

  /** Indices by a recipe. */
  const made = (
    recipe: ElementRecipe,
    shape: Shape,
    options: { tensors?: Record<string, Tensor>; values?: Record<string, number> },
  ) => scope.ids(elements(recorder, recipe, { shape, ...options }), shape);

  /** The keys of an order; none for that of the tokens. */
  function keysOf(rows: number, options: Parameters<DeviceChoices["limit"]>[1]) {
    const { order, priority, name } = options;
    if (order === "sequence") return undefined;
    const shape = [rows, 1] as const;
    if (order === "random") {
      const values = { key: keyOf(name) };
      return elements(recorder, shuffleRecipe, { shape, values });
    }
    if (!priority || matrixShapeOf(priority)[0] !== rows) {
      throw new RangeError(
        `Dropped by priority of ${priority?.value.shape[0] ?? "no"} rows, not ${rows}`,
      );
    }
    return elements(recorder, idRecipes.descending, { shape, tensors: { x: priority.value } });
  }

  function idsBeside(parts: readonly Tensor[]): Tensor {
    if (parts.length > MOST_BESIDE) {
      const first = idsBeside(parts.slice(0, MOST_BESIDE));
      return idsBeside([first, ...parts.slice(MOST_BESIDE)]);
    }
    const widths = parts.map((part) => idShapeOf(part)[1]);
    const starts = widths.map((_, i) => widths.slice(0, i).reduce((a, b) => a + b, 0));
    const columns = widths.reduce((a, b) => a + b, 0);
    return made(besideRecipe("u32", parts.length), [idShapeOf(parts[0])[0], columns], {
      tensors: Object.fromEntries(parts.map((part, i) => [`part${i}`, part])),
      values: Object.fromEntries(starts.map((at, i) => [`at${i}`, at])),
    });
  }

  return {
    noise: (name, kind, shape) =>
      scope.fixed(elements(recorder, noiseRecipe(kind), { shape, values: { key: keyOf(name) } })),
    topK: (a, k) => scope.ids(topIds(recorder, a.value, { k }), [matrixShapeOf(a)[0], k]),
    where: (mask) => made(idRecipes.where, matrixShapeOf(mask), { tensors: { x: mask.value } }),
    keep(ids, mask) {
      const shape = idShapeOf(ids);
      if (shape.join() !== matrixShapeOf(mask).join()) {
        throw new RangeError(
          `Kept indices [${shape.join(", ")}] by a mask [${mask.value.shape.join(", ")}]`,
        );
      }
      return made(idRecipes.keep, shape, { tensors: { x: mask.value, ids } });
    },
    choosePerColumn: (a, options) => {
      matrixShapeOf(a);
      return scope.fixed(choosePerColumn(recorder, a.value, options));
    },
    assignEqually: (a) => scope.ids(assignEqually(recorder, a.value), [matrixShapeOf(a)[0], 1]),
    limit(ids, options) {
      const shape = idShapeOf(ids);
      const { experts, capacity } = options;
      const keys = keysOf(shape[0], options);
      const kept = limitChoices(recorder, ids, { rows: shape[0], experts, capacity, keys });
      if (keys) recorder.pool.release(keys);
      return scope.ids(kept, shape);
    },
    hash(of, { buckets, seed }) {
      const tensors = Object.fromEntries(of.map((ids, i) => [`ids${i}`, ids]));
      const [rows] = idShapeOf(of[0]);
      return made(hashRecipe(of.length), [rows, 1], { tensors, values: { seed, buckets } });
    },
    lookUpIds: (table, ids) => made(idRecipes.lookUp, idShapeOf(ids), { tensors: { table, ids } }),
    randomIds: (name, shape, below) =>
      made(randomRecipe, shape, { values: { key: keyOf(name), below } }),
    affine: (ids, { times = 1, plus = 0 }) =>
      typeof plus === "number"
        ? made(idRecipes.affine, idShapeOf(ids), { tensors: { ids }, values: { times, plus } })
        : made(idRecipes.add, idShapeOf(ids), { tensors: { ids, other: plus }, values: { times } }),
    idsBeside: (...parts) => idsBeside(parts),
    repeatIds(ids, times) {
      const [rows, k] = idShapeOf(ids);
      return made(idRecipes.repeat, [rows * times, k], { tensors: { ids }, values: { times } });
    },
    // A view of its own, since rows and columns are remembered by tensor; the tape owns the first.
    reshapeIds: (ids, shape) => shapedIds({ ...ids }, shape),
  };
}
