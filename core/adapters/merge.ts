/**
 * Adapters that become part of the base: W + c sum_i w_i a_i b_i^T, with weights that no token changes.
 * What is merged costs nothing in use.
 *
 * Weights are constant where nothing weighs an adapter, and where a gate reads the tag of a sequence
 * alone: then there is one merged base for each tag (MOELoRA, arXiv 2310.18339).
 *
 * @module
 */
import { UserError } from "../../kernels/base/errors.ts";
import { hostArrays } from "../arrays/host_arrays.ts";
import { hostIndices, type HostMatrix, hostMatrix } from "../arrays/host_matrix.ts";
import { within } from "../nn/gating.ts";
import type { ProgramValues } from "../programs/program.ts";
import { BASE, baseTensors } from "./base.ts";
import { applyAdapters } from "./kinds.ts";
import { type AdaptedModel, type AdapterPlace, adapterPlaces, adapterTensors } from "./places.ts";
import { weighAdapters } from "./routing.ts";

/** Places whose matrix can take an adapter up, and the matrix. */
const matrixOf: Partial<Record<AdapterPlace["site"], string>> = {
  ...{ q: "q", k: "k", v: "v", out: "out", gate: "gate", up: "up", down: "down" },
  // What scales hidden numbers scales the rows that read them.
  hidden: "down",
};

function refuse(place: AdapterPlace, why: string): never {
  const { site, part: { name, adapter } } = place;
  throw new UserError(
    `Cannot merge "${name}" (${adapter.kind} at "${site}") into the base: ${why}; wanted lora, ia3 or ` +
      "full at a product, weighed by nothing or by the tag alone",
  );
}

/** What each expert of a place counts for sequences of a tag, [1, E]; undefined for one. */
function constantWeights(
  place: AdapterPlace,
  w: Readonly<Record<string, HostMatrix>>,
  tag: number | undefined,
): HostMatrix | undefined {
  const { gate, part } = place;
  if (part.gate === "chance") refuse(place, "chance weighs it");
  if (gate === undefined) return undefined;
  const { recipe, shape } = gate;
  const byTag = recipe.score.of === "tag" && recipe.cap === undefined && !part.dropout;
  if (!byTag) refuse(place, "tokens weigh it");
  if (tag === undefined) refuse(place, "its tag is not given");
  const one = { ...gate, shape: { ...shape, tokens: 1, length: 1 } };
  const ids = hostIndices([1, 1], [0]);
  const input = {
    ...{ x: hostMatrix([1, shape.dModel], new Float64Array(shape.dModel)), tokens: ids },
    ...{ before: ids, tags: hostIndices([1, 1], [tag]) },
  };
  const run = { g: hostArrays({ seed: 0 }), w, state: {}, input, training: false };
  return weighAdapters(run, { gate: one, part }).weights;
}

const identity = (n: number) =>
  hostMatrix([n, n], Float64Array.from({ length: n * n }, (_, i) => i % (n + 1) === 0 ? 1 : 0));

/**
 * Values of a base that has taken its adapters up, by the names of the base; `values` are those of the
 * program, and `tag` the one whose weights are merged.
 *
 * The base is linear in each matrix, so the adapters of a place are applied to the identity: what comes
 * out is the new matrix.
 *
 * @throws {UserError} where an adapter is none that a matrix can take up, or a token weighs it.
 *
 * @example LoRA whose matrices lead in by ones and out by twos
 * ```ts
 * import * as core from "@moelab/moelab/core";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const ffn = { width: 16, activation: "swiglu", bias: false } as const;
 * const model = { ...core.modelPreset("tiny"), layers: 1, moe: undefined, ffn };
 * const recipe = core.sizedAdapters(core.adapterById("lora"), 1);
 * const adapted = { model, recipe, sequences: 1, length: 4 };
 * const { w } = core.hostValues(core.adapterProgram(adapted), { seed: 1 });
 * const values = Object.fromEntries(
 *   Object.entries(w).map(([name, { data }]) => [
 *     name,
 *     name.endsWith(".a") ? data.fill(1) : name.endsWith(".b") ? data.fill(2) : data,
 *   ]),
 * );
 * const merged = core.mergeAdapters(adapted, values);
 * const name = "base.layers.0.q";
 * // alpha is twice the rank.
 * assertAlmostEquals(merged[name][0], values[name][0] + 2 * 1 * 2, 1e-6);
 * ```
 */
export function mergeAdapters(
  adapted: AdaptedModel,
  values: ProgramValues,
  options: { tag?: number } = {},
): Record<string, Float64Array> {
  const tensors = { ...baseTensors(adapted.model), ...adapterTensors(adapterPlaces(adapted)) };
  const w = Object.fromEntries(
    Object.entries(tensors).map(([name, { shape }]) => [
      name,
      hostMatrix(shape, Float64Array.from(values[name])),
    ]),
  );
  const g = hostArrays({ seed: 0 });
  // Rows are scaled once all that is added to them is there.
  const places = adapterPlaces(adapted);
  const last = (place: AdapterPlace) => place.site === "hidden" ? 1 : 0;
  for (const place of places.toSorted((a, b) => last(a) - last(b))) {
    const { part: { adapter, weighs }, site, layer, prefix } = place;
    const matrix = matrixOf[site];
    if (matrix === undefined || weighs === "networks" || adapter.kind === "prefix") {
      refuse(place, "no matrix of the base can take it up");
    }
    if (adapter.kind === "bottleneck" || adapter.kind === "rank-one") {
      refuse(place, "it is no sum of matrices");
    }
    const name = `${BASE}layers.${layer}.${matrix}`;
    const turned = (a: HostMatrix) => site === "hidden" ? g.transpose(a) : a;
    const y = turned(w[name]);
    const [rows] = y.shape;
    const one = constantWeights(place, w, options.tag);
    const run = {
      ...{ g, w: within(w, prefix), found: { x: identity(rows), y } },
      ...one && { weights: g.repeatRows(one, rows) },
    };
    w[name] = turned(applyAdapters(run, adapter));
  }
  return Object.fromEntries(
    Object.keys(baseTensors(adapted.model)).map((name) => [name, w[name].data]),
  );
}
