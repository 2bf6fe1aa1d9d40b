/**
 * Which layers a stage holds.
 *
 * The model is cut into parts, one for each stage and chunk. Interleaved schedules give part
 * `chunk * stages + stage` to a stage; V-shaped ones go down the stages with the first chunks and
 * back up with the second; DualPipe holds part `stage` for one direction and part
 * `stages - 1 - stage` for the other, so that every part exists twice.
 *
 * @module
 */
import type { Plan } from "../plan/plan.ts";
import { modelPart, modelParts, partLayers, stageChunks } from "../plan/stage_layers.ts";
import type { LayerKind } from "./phases.ts";
import type { Sizes } from "./sizes.ts";

/** Kind of the i-th transformer layer. */
export function kindOf(layer: number, { moe }: Sizes): LayerKind {
  if (!moe || layer < moe.firstDense) return "dense";
  return (layer - moe.firstDense) % moe.every === moe.every - 1 ? "moe" : "dense";
}

/** A layout: kinds of layers by `[stage][chunk]`, in order. */
export type Layout = readonly (readonly (readonly LayerKind[])[])[];

/** Layouts by model, by the layers that a plan gives to its stages (or none) and by cut. */
const remembered = new WeakMap<Sizes, WeakMap<object, Map<string, Layout>>>();

/** Stands for the layers of plans that give none. */
const even = {};

function recall<K extends object, V>(known: WeakMap<K, V>, key: K, make: () => V): V {
  let value = known.get(key);
  if (value === undefined) known.set(key, value = make());
  return value;
}

/**
 * The layers of every chunk, `[stage][chunk]`, with embedding, head and prediction modules. A search
 * asks for the same ones again: they are remembered as long as the model and the plan's layers are.
 */
export function layersOfStages(sizes: Sizes, plan: Plan): Layout {
  const byLayers = recall(remembered, sizes, () => new WeakMap());
  const byCut = recall(byLayers, plan.stageLayers ?? even, () => new Map<string, Layout>());
  const key = `${plan.pp}/${plan.vpp}/${plan.schedule}`;
  let layout = byCut.get(key);
  if (layout === undefined) byCut.set(key, layout = dealt(sizes, plan));
  return layout;
}

function dealt(sizes: Sizes, plan: Plan): LayerKind[][][] {
  const parts = modelParts(plan);
  let counts = partLayers(sizes.layers, parts);
  if (plan.stageLayers) {
    counts = new Array<number>(parts).fill(0);
    plan.stageLayers.forEach((chunks, stage) =>
      chunks.forEach((layers, chunk) => counts[modelPart(plan, { stage, chunk })] = layers)
    );
  }
  let next = 0;
  // Equal lists are one list, so that what is worked out of one holds for all.
  const lists = new Map<string, LayerKind[]>();
  const kinds = counts.map((layers, part) => {
    const list: LayerKind[] = part === 0 ? ["embedding"] : [];
    for (let i = 0; i < layers; i++) list.push(kindOf(next++, sizes));
    if (part === parts - 1) {
      for (let i = 0; i < sizes.mtpLayers; i++) list.push("mtp");
      list.push("head");
    }
    const key = list.join();
    if (!lists.has(key)) lists.set(key, list);
    return lists.get(key)!;
  });
  return Array.from(
    { length: plan.pp },
    (_, stage) =>
      Array.from(
        { length: stageChunks(plan) },
        (_, chunk) => kinds[modelPart(plan, { stage, chunk })],
      ),
  );
}
