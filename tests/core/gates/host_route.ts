/** Runs the gate of a recipe on the host, with parameters and a batch drawn from a seed. */
import { hostArrays } from "../../../core/arrays/host_arrays.ts";
import { type HostIndices, hostIndices, hostMatrix } from "../../../core/arrays/host_matrix.ts";
import type { HostMatrix } from "../../../core/arrays/host_matrix.ts";
import type { Gated, GateShape, GateTensor } from "../../../core/gates/gate.ts";
import { gateOf } from "../../../core/gates/pipeline.ts";
import type { GateRecipe } from "../../../core/gates/recipe.ts";
import { split } from "../../../kernels/base/random.ts";

export const smallShape: GateShape = {
  ...{ dModel: 8, experts: 8, topK: 2, tokens: 32, length: 8, vocabulary: 20, tags: 3 },
  ...{ layer: 1, layers: 2 },
};

/** Tensors as they begin, a little moved where they begin as zeros. */
export function drawn(tensors: Record<string, GateTensor>, path: string, nudge = 0.1) {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, { shape, init }]) => {
      const stream = split(1, `${path}/${name}`);
      const value = () => {
        if (init === "ones") return 1;
        if (init === "zeros") return nudge * stream.normal();
        return "value" in init ? init.value : init.normal * stream.normal();
      };
      return [name, hostMatrix(shape, Float64Array.from({ length: shape[0] * shape[1] }, value))];
    }),
  );
}

export interface RouteOptions {
  seed?: number;
  step?: number;
  shape?: Partial<GateShape>;
  training?: boolean;
  /** Put in place of what is drawn. */
  x?: HostMatrix;
  tokens?: HostIndices;
  w?: Record<string, HostMatrix>;
  state?: Record<string, HostMatrix>;
}

export function route(recipe: GateRecipe, options: RouteOptions = {}) {
  const { seed = 1, step = 0, training = true } = options;
  const shape = { ...smallShape, ...options.shape };
  const { tokens: T, dModel: D, length, vocabulary, tags, experts } = shape;
  const stream = split(seed, "route");
  const numbers = (n: number) => Float64Array.from({ length: n }, () => stream.normal());
  const own = hostMatrix([T, D], numbers(T * D));
  const x = options.x ?? own;
  const ids = Array.from({ length: T }, () => stream.int(0, vocabulary - 1));
  const tokens = options.tokens ?? hostIndices([T, 1], ids);
  const tagOf = Array.from({ length: T / length }, () => stream.int(0, tags - 1));
  const input = {
    ...{ x, tokens },
    before: hostIndices([T, 1], [...tokens.data].map((id, t, all) => t % length ? all[t - 1] : id)),
    tags: hostIndices([T, 1], ids.map((_, t) => tagOf[Math.floor(t / length)])),
    logitsBefore: hostMatrix([T, experts], numbers(T * experts)),
  };
  const gate = gateOf(recipe);
  const w = { ...drawn(gate.parameters(shape), `weights ${seed}`), ...options.w };
  const state = { ...drawn(gate.states(shape), "states", 0), ...options.state };
  const g = hostArrays({ seed, step });
  const gated: Gated<HostMatrix, HostIndices> = gate.route({ g, w, state, shape, input, training });
  return { gated, shape, input, w, state };
}

/** Rows of a matrix or of indices. */
export function rowsOf({ shape, data }: HostMatrix | HostIndices): number[][] {
  return Array.from(
    { length: shape[0] },
    (_, r) => [...data.subarray(r * shape[1], (r + 1) * shape[1])],
  );
}

/** How often each of E experts is named. */
export function countsOf(ids: HostIndices, experts: number): number[] {
  const counts = new Array<number>(experts).fill(0);
  for (const id of ids.data) if (id < experts) counts[id]++;
  return counts;
}

export const sum = (x: readonly number[]) => x.reduce((a, b) => a + b, 0);

/** The row of an id in a table of recipes. */
export function rowOf(recipes: readonly GateRecipe[], id: string): GateRecipe {
  const row = recipes.find((recipe) => recipe.id === id);
  if (row === undefined) throw new RangeError(`Found no row "${id}"`);
  return row;
}

/** The dispatch, which is of a kind. */
export function dispatched<K extends "choice" | "slots" | "merged">(
  gated: Gated<HostMatrix, HostIndices>,
  kind: K,
) {
  const { dispatch } = gated;
  if (dispatch.kind !== kind) throw new RangeError(`Found ${dispatch.kind}, wanted ${kind}`);
  return dispatch as Extract<typeof dispatch, { kind: K }>;
}
