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

/** Layouts of plans that do not say their own, by model and cut: a search asks for them again. */
const remembered = new WeakMap<Sizes, Map<string, LayerKind[][][]>>();

/** The layers of every chunk, `[stage][chunk]`, with embedding, head and prediction modules. */
export function layersOfStages(
  sizes: Sizes,
  plan: Plan,
): readonly (readonly (readonly LayerKind[])[])[] {
  if (plan.stageLayers) return dealt(sizes, plan);
  let known = remembered.get(sizes);
  if (known === undefined) remembered.set(sizes, known = new Map());
  const key = `${plan.pp}/${plan.vpp}/${plan.schedule}`;
  let layout = known.get(key);
  if (layout === undefined) known.set(key, layout = dealt(sizes, plan));
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
  const kinds = counts.map((layers, part) => {
    const list: LayerKind[] = part === 0 ? ["embedding"] : [];
    for (let i = 0; i < layers; i++) list.push(kindOf(next++, sizes));
    if (part === parts - 1) {
      for (let i = 0; i < sizes.mtpLayers; i++) list.push("mtp");
      list.push("head");
    }
    return list;
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
