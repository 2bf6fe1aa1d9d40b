/**
 * A model with the values of its weights, on the host: what schemes take and give.
 *
 * A scheme makes one model of others: it says what of the new model's weights is made how, and all that
 * it does not mention is the mean of the weights of that name. Routers are new: they begin as a
 * trainer of that seed begins them.
 *
 * @module
 */
import { UserError } from "../../../kernels/base/errors.ts";
import { stableJson } from "../../../kernels/base/files.ts";
import type { GateRecipe } from "../../gates/recipe.ts";
import { type Gating, gatingOf } from "../../nn/gating.ts";
import { firstValues } from "../../nn/parameters.ts";
import { layersOf } from "../../spec/layers.ts";
import type { Model } from "../../spec/model.ts";
import { carriedWeights } from "./carried.ts";
import { weightedMean } from "./mean.ts";

/** A weight on the host. */
export interface HostWeight {
  /** Dimensions, outermost first. */
  shape: readonly number[];
  /** Values, row by row. */
  data: Float32Array;
}

/** Weights by the names that a trainer gives them, such as "layers.0.attention.q". */
export type HostWeights = Readonly<Record<string, HostWeight>>;

/** A model and its weights. */
export interface WeightedModel {
  /** The description. */
  model: Model;
  /** The values. */
  weights: HostWeights;
}

/** Fields of a description that say nothing of its sizes. */
const words = ["id", "name", "year", "reference", "rumour", "convention", "published"] as const;
const apart = [...words, "sources", "notes"] as readonly string[];

/** Whether a weight is a router's: what schemes make anew. */
export const isRouter = (name: string): boolean => /\.gate\.|\.router$/.test(name);

/** A gate in the layers of a model, for the names and shapes of its parameters alone. */
export function gateIn(model: Model, recipe: GateRecipe | undefined): Gating | undefined {
  if (!recipe) return undefined;
  // Parameters depend on no batch: any will do, of a direction that the recipe serves.
  const batch = { sequences: 1, length: 64, tags: 1 };
  return gatingOf(model, { recipe, causal: recipe.causal, ...batch });
}

/**
 * Refuses weights that are not those of their model: routers may be of any gate, or missing.
 *
 * @throws {UserError} that names the first weight that is missing, left over or of another shape.
 */
export function checkWeights({ model, weights }: WeightedModel): void {
  const wrong = (what: string) => new UserError(`Cannot use the weights of ${model.id}: ${what}`);
  const wanted = carriedWeights(model);
  for (const [name, { shape }] of Object.entries(wanted)) {
    const found = weights[name];
    if (!found && isRouter(name)) continue;
    if (!found) throw wrong(`found no ${name}, wanted [${shape.join(", ")}]`);
    const size = found.shape.reduce((a, b) => a * b, 1);
    if (found.shape.join() !== shape.join() || found.data.length !== size) {
      throw wrong(
        `found ${name} as ${found.data.length} numbers of [${found.shape.join(", ")}], ` +
          `wanted [${shape.join(", ")}]`,
      );
    }
  }
  const extra = Object.keys(weights).find((name) => !(name in wanted) && !isRouter(name));
  if (extra) throw wrong(`found ${extra}, which the model has not`);
}

/** The first place where two values differ, as a path of fields. */
function difference(a: unknown, b: unknown, at: string): [at: string, a: unknown, b: unknown] {
  if (typeof a !== "object" || typeof b !== "object" || !a || !b) return [at, a, b];
  const [one, other] = [a as Record<string, unknown>, b as Record<string, unknown>];
  const key = [...Object.keys(one), ...Object.keys(other)]
    .find((key) => stableJson(one[key] ?? null) !== stableJson(other[key] ?? null))!;
  return difference(one[key], other[key], at ? `${at}.${key}` : key);
}

const sizesOf = (model: Model) =>
  Object.fromEntries(Object.entries(model).filter(([key]) => !apart.includes(key)));

/**
 * The first size in which two models differ, as a path of fields, with both values; undefined where they
 * have the same weights and forward pass.
 */
export function descriptionDifference(
  a: Model,
  b: Model,
): [at: string, a: unknown, b: unknown] | undefined {
  const [one, other] = [sizesOf(a), sizesOf(b)];
  return stableJson(one) === stableJson(other) ? undefined : difference(one, other, "");
}

/**
 * Refuses models that are not of one kind, and weights that are not those of their model.
 *
 * @throws {UserError} that names the first field or weight that differs.
 */
export function checkAlike(
  models: readonly WeightedModel[],
  options: { most?: number } = {},
): void {
  const { most = Infinity } = options;
  if (models.length === 0 || models.length > most) {
    const wanted = most === 1 ? "one" : "one or more";
    throw new UserError(`Cannot make a model of ${models.length} models: wanted ${wanted}`);
  }
  models.forEach(checkWeights);
  const [first, ...others] = models;
  for (const other of others) {
    const differs = descriptionDifference(first.model, other.model);
    if (!differs) continue;
    const [at, wanted, found] = differs;
    const text = (value: unknown) => stableJson(value ?? "nothing", 0).trim();
    throw new UserError(
      `Cannot merge ${first.model.id} with ${other.model.id}: found ${text(found)} as ${at}, ` +
        `wanted ${text(wanted)}`,
    );
  }
}

/**
 * The description of a model that was made of another; what is changed to undefined is left out, and so
 * are dense networks where no layer has one any more.
 */
export function madeModel(of: Model, by: string, changes: Partial<Model>): Model {
  const { moe } = changes;
  const dense = !moe || layersOf({ ...of, moe }).some(({ network }) => network === "dense");
  const all = dense ? changes : { ...changes, ffn: undefined };
  const gone = Object.entries(all).filter(([, value]) => value === undefined).map(([key]) => key);
  const left = [...gone, "published", "reference", "year"];
  const rest = Object.fromEntries(
    Object.entries({ ...of, ...all }).filter(([key]) => !left.includes(key)),
  ) as unknown as Model;
  const cite = `made of ${of.id} by ${by}`;
  const sources = Object.keys(all).filter((key) => !gone.includes(key))
    .map((key) => [key, { from: "assumed", cite }] as const);
  return {
    ...{ ...rest, id: `${of.id}-${by}`, name: `${of.name}, ${by}`, convention: "all" },
    sources: { ...of.sources, ...Object.fromEntries(sources) },
  };
}

/** What a model is filled from. */
export interface FillOptions {
  /** Whose weights are averaged where nothing else is said. */
  from: readonly WeightedModel[];
  /** Weights that were made, by name. */
  made: Readonly<Record<string, Float32Array>>;
  /** Seed of what is new. */
  seed: number;
  /** The gate of the layers with experts; the description's own routers where absent. */
  recipe?: GateRecipe;
}

/** A layer's second norm is named after its network. */
const otherName = (name: string) =>
  name.replace(/\.(moe|ffn)\.norm/, (_, kind) => kind === "moe" ? ".ffn.norm" : ".moe.norm");

/**
 * A model with weights that were made, else the mean of those of that name, else new if routers'.
 *
 * @throws {RangeError} where a weight comes from nowhere, or what was made is of another shape.
 */
export function fillModel(model: Model, options: FillOptions): WeightedModel {
  const { from, made, seed, recipe } = options;
  const wanted = carriedWeights(model, gateIn(model, recipe));
  const surplus = Object.keys(made).find((name) => !(name in wanted));
  if (surplus) throw new RangeError(`Made ${surplus}, which ${model.id} has not`);
  const weights = Object.entries(wanted).map(([name, { shape, init }]): [string, HostWeight] => {
    const there = from.map(({ weights }) => weights[name] ?? weights[otherName(name)]);
    const all = there.every((one) => one?.shape.join() === shape.join());
    const data = made[name] ??
      (all && from.length > 0 ? weightedMean(there.map(({ data }) => data)) : undefined) ??
      (isRouter(name) ? firstValues({ shape, init }, { seed, name }) : undefined);
    const size = shape.reduce((a, b) => a * b, 1);
    if (data?.length === size) return [name, { shape, data }];
    throw new RangeError(
      `Filled ${name} of ${model.id} with ${data?.length ?? "no"} numbers, wanted ${size}`,
    );
  });
  return { model, weights: Object.fromEntries(weights) };
}

/** A model whose weights are those that a trainer of that seed begins with. */
export function newWeights(
  model: Model,
  { seed, recipe }: { seed: number; recipe?: GateRecipe },
): WeightedModel {
  const weights = Object.entries(carriedWeights(model, gateIn(model, recipe)))
    .map(([name, one]): [string, HostWeight] => [
      name,
      { shape: one.shape, data: firstValues(one, { seed, name }) },
    ]);
  return { model, weights: Object.fromEntries(weights) };
}
