/**
 * Where each weight of a made model comes from, found by comparing numbers with those of its sources:
 * what is told is in the file, whatever the method meant to do.
 *
 * @module
 */
import {
  type GateRecipe,
  type HostWeight,
  layersOf,
  type ModelLayer,
  type Network,
  weightedMean,
  type WeightedModel,
} from "../../core/mod.ts";
import { carriedWeights } from "../../core/train/schemes/carried.ts";
import { gateIn } from "../../core/train/schemes/model_weights.ts";
import { expertsAt, networkAt } from "../../core/train/schemes/networks.ts";
import { firstValues } from "../../core/mod.ts";
import { isOfHeads, sameHeads } from "./heads.ts";
import { type FoundNetwork, type KnownNetwork, networkFinder } from "./units.ts";

/** A made model, and what it was made of. */
export interface MadeOf {
  /** The model. */
  made: WeightedModel & { recipe?: GateRecipe };
  /** The sources. */
  sources: readonly WeightedModel[];
  /** Seed of what is new. */
  seed: number;
}

/** Whether two arrays hold the same numbers. */
export const sameNumbers = (a: ArrayLike<number>, b: ArrayLike<number>): boolean => {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
};

/** The name without the number of its layer. */
export const keyOf = (name: string): string => name.replace(/^layers\.\d+\./, "layers.*.");

const otherNorm = (name: string) =>
  name.replace(/\.(moe|ffn)\.norm/, (_, kind) => kind === "moe" ? ".ffn.norm" : ".moe.norm");

const weightOf = ({ weights }: WeightedModel, name: string): HostWeight | undefined =>
  weights[name] ?? weights[otherNorm(name)];

/** Whether the columns of a matrix are some of another's. */
function isPartOf({ shape, data }: HostWeight, whole: HostWeight | undefined): boolean {
  if (shape.length !== 2 || whole?.shape.length !== 2 || whole.shape[0] !== shape[0]) return false;
  const columns = ({ shape: [rows, count], data }: HostWeight) =>
    Array.from(
      { length: count },
      (_, c) => Array.from({ length: rows }, (_, row) => data[row * count + c]).join(),
    );
  const known = new Set(columns(whole));
  return columns({ shape, data }).every((column) => known.has(column));
}

/** A weight that has its name in the sources. */
function plainOrigin(name: string, weight: HostWeight, sources: readonly WeightedModel[]) {
  const { data } = weight;
  const parts = sources.map((source) => weightOf(source, name)?.data);
  const fits = parts.every((part) => part?.length === data.length) ? parts as Float32Array[] : [];
  const [first, ...rest] = fits;
  if (first && rest.every((part) => sameNumbers(part, first)) && sameNumbers(first, data)) {
    return rest.length > 0 ? "the same in all sources" : "copied";
  }
  if (rest.length > 0 && sameNumbers(weightedMean(fits), data)) {
    return `mean of ${fits.length} sources`;
  }
  const same = Object.entries(sources[0].weights)
    .find(([other, one]) => keyOf(other) === keyOf(name) && sameNumbers(one.data, data));
  if (same) return `layer ${same[0].split(".")[1]} of the source`;
  return isPartOf(weight, weightOf(sources[0], name)) ? "columns of the source" : undefined;
}

/** Layers differ a little where weights were chosen by chance. */
const percent = (share: number) => `about ${5 * Math.round(20 * share)} %`;

/** Experts that are listed one by one. */
const LONGEST = 16;

/** The share of a network that is of known ones. */
const shareOf = (one: FoundNetwork) =>
  one.kind === "whole" ? 1 : one.kind === "none" ? 0 : one.share;

/** The known ones that are in a network. */
const networksIn = (one: FoundNetwork): readonly KnownNetwork[] =>
  one.kind === "none" ? [] : one.kind === "units" ? one.of : [one.of];

/** Networks of a bank, in words. */
function bankWords(
  found: readonly FoundNetwork[],
  { known, word }: { known: readonly KnownNetwork[]; word: string },
): string {
  const every = known.length > 1 ? `all ${known.length} ${word}` : known[0].name;
  const wholes = found.flatMap((one) => one.kind === "whole" ? [one.of] : []);
  if (wholes.length === found.length) {
    const names = wholes.map((one) => one.name);
    if (found.length === 1) return names[0];
    if (known.length === 1) return `${found.length} copies of ${names[0]}`;
    if (wholes.length === known.length && wholes.every(({ index }, e) => index === e)) {
      return word === "sources" ? "expert e from source e" : "copied";
    }
    const list = wholes.map(({ index }) => index);
    return list.length > LONGEST
      ? `${new Set(list).size} of ${known.length} ${word}`
      : `${word} ${list.join(", ")}`;
  }
  const mean = found.reduce((sum, one) => sum + shareOf(one), 0) / found.length;
  const sets = new Set(found.flatMap(networksIn));
  const of = sets.size === known.length ? every : [...sets].map((one) => one.name).join(", ");
  if (found.some(({ kind }) => kind === "units")) {
    return mean < 1 ? `${percent(mean)} of the units of ${of}, the rest made` : `units of ${of}`;
  }
  if (mean === 0) return "made by the method";
  const each = found.every((one, e) => networksIn(one)[0]?.index === e);
  return `${percent(mean)} of the numbers of ${each && found.length > 1 ? "each expert" : of}`;
}

/** The networks of a layer, named. */
function knownNetworks(
  sources: readonly WeightedModel[],
  layer: number,
): KnownNetwork[] {
  const [first, ...rest] = sources;
  const at = layersOf(first.model)[layer];
  const named = (networks: readonly Network[], word: (i: number) => string) =>
    networks.map((network, index) => ({ name: word(index), index, network }));
  if (!at) return [];
  if (at.experts > 0) return named(expertsAt(first, at), (e) => `expert ${e}`);
  const networks = sources.map((source) => networkAt(source, layer));
  return named(networks, (s) => rest.length > 0 ? `source ${s}` : "the dense network");
}

const ofNetwork = (layer: ModelLayer) =>
  ["up", "down"].map((part) =>
    `layers.${layer.index}.${layer.experts > 0 ? "moe" : "ffn"}.${part}`
  );

/** Words for the networks of a layer, by weight. */
function networkOrigins({ made, sources }: MadeOf, layer: ModelLayer): Record<string, string> {
  const known = knownNetworks(sources, layer.index);
  const names = ofNetwork(layer);
  if (known.length === 0) return {};
  const own = layer.experts > 0 ? expertsAt(made, layer) : [networkAt(made, layer.index)];
  const find = networkFinder(known);
  const word = sources.length > 1 ? "sources" : "experts";
  const words = bankWords(own.map(find), { known, word });
  const mean = (part: "up" | "down") =>
    own.length === 1 && known.length > 1 &&
    known.every(({ network }) => network[part].length === own[0][part].length) &&
    sameNumbers(weightedMean(known.map(({ network }) => network[part])), own[0][part]);
  const isMean = mean("up") && mean("down");
  const text = isMean ? `mean of ${known.length} ${word}` : words;
  return Object.fromEntries(names.map((name) => [name, text]));
}

/** Where each weight comes from, in words. */
export function originsOf(of: MadeOf): Record<string, string> {
  const { made, sources, seed } = of;
  const networks: Record<string, string> = Object.assign(
    {},
    ...layersOf(made.model).map((layer) => networkOrigins(of, layer)),
  );
  const beginnings = carriedWeights(made.model, gateIn(made.model, made.recipe));
  return Object.fromEntries(
    Object.entries(made.weights).map(([name, weight]) => {
      const begun = () => sameNumbers(firstValues(beginnings[name], { seed, name }), weight.data);
      const heads = () => isOfHeads(name, made.model) && sameHeads(name, of);
      const words = networks[name] && networks[name] !== "made by the method"
        ? networks[name]
        : heads()
        ? "expert e from source e"
        : plainOrigin(name, weight, sources) ??
          (beginnings[name] && begun() ? `new, seed ${seed}` : undefined) ??
          (weight.data.every((x) => x === 0) ? "zeros" : "made by the method");
      return [name, words];
    }),
  );
}
