/**
 * The weights of a made model in groups that say where they come from.
 *
 * @module
 */
import type { HostWeights } from "../../core/mod.ts";
import { formatNumber } from "../../reports/format.ts";
import { formatTable } from "../table.ts";
import { keyOf } from "./origins.ts";

/** Weights of one name, one shape and one origin. */
export interface WeightGroup {
  /** Their name; * for the number of the layer where all layers are alike. */
  weights: string;
  /** Dimensions of each, outermost first. */
  shape: readonly number[];
  /** How many they are. */
  tensors: number;
  /** Numbers in all of them. */
  numbers: number;
  /** Where they come from. */
  from: string;
}

const layerOf = (name: string) => /^layers\.(\d+)\./.exec(name)?.[1];

/** Weights in groups, in the order of the forward pass. */
export function weightGroups(
  weights: HostWeights,
  origins: Readonly<Record<string, string>>,
): WeightGroup[] {
  const groups = new Map<string, WeightGroup & { layers: string[] }>();
  for (const [name, { shape, data }] of Object.entries(weights)) {
    const [own, from] = [keyOf(name), origins[name]];
    const key = [own, shape.join(), from].join("|");
    const before = groups.get(key) ??
      { weights: own, shape, tensors: 0, numbers: 0, from, layers: [] };
    const { tensors, numbers, layers } = before;
    groups.set(key, {
      ...{ ...before, tensors: tensors + 1, numbers: numbers + data.length },
      layers: [...layers, layerOf(name) ?? ""],
    });
  }
  const all = [...groups.values()];
  return all.map(({ layers, ...group }) => {
    const apart = all.filter((other) => other.weights === group.weights).length > 1;
    const named = `layers.${layers.join(",")}.`;
    return { ...group, weights: apart ? group.weights.replace("layers.*.", named) : group.weights };
  });
}

const count = (value: number) => formatNumber(value, "count");

/** The groups as a table. */
export function showGroups(groups: readonly WeightGroup[]): string {
  return formatTable(
    [
      { head: "weights" },
      { head: "shape" },
      { head: "tensors", align: "right" },
      { head: "numbers", align: "right" },
      { head: "from" },
    ],
    groups.map(({ weights, shape, tensors, numbers, from }) => [
      ...[weights, shape.join(" x "), tensors, count(numbers), from],
    ]),
  );
}
